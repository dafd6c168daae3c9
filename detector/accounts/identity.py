"""Read what identifies an account and its data, before an erasure, for the search after it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any, Final
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import CharField, Field, FileField, Model, Q, UUIDField
from rest_framework.throttling import SimpleRateThrottle

from detector.accounts import owned
from detector.analyses import crops
from detector.exceptions import DetectorError
from detector.models import ApiToken, Face, Photo, Review, ReviewedExport, User, Video
from detector.photos import images

HEX: Final = re.compile(
    r"(?<![0-9a-f])(?:[0-9a-f]{128}|[0-9a-f]{64}|[0-9a-f]{32}"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![0-9a-f])"
)
"""Ids with or without hyphens, names of files, checksums and digests of tokens."""
PAGE: Final = 2000


@dataclass(frozen=True)
class Identity:
    """Marks that lead to an account.

    `marks` are ids, checksums and names of files, as lower hexadecimal digits; `addresses` are
    mail addresses in lower case; `cache_keys` are the keys of its rate limits; `crops` are the
    faces of it that data sets for training may hold, all but those that could not be cut if
    `lacks_crops`; `files` are the whole names of its files.
    """

    user_id: UUID
    name: str
    marks: frozenset[str]
    addresses: frozenset[str]
    cache_keys: frozenset[str]
    crops: frozenset[bytes]
    files: frozenset[str] = frozenset()
    lacks_crops: bool = False

    def is_in(self, text: str) -> bool:
        """Return whether a text names the account or anything of it."""
        lower = text.lower()
        if lower == self.name:
            return True
        if any(address in lower for address in self.addresses):
            return True
        return any(mark.replace("-", "") in self.marks for mark in HEX.findall(lower))


def identity_of(user: User, *, every_face: bool = False) -> Identity:
    """Read what identifies an account and its data.

    Faces to look for in data sets are those of photos on which somebody's word stands, or with
    `every_face` of all photos. That takes long, and finds words that were taken back, too.
    """
    marks = {user.pk.hex}
    for model, lookups in owned.models_of_people().items():
        marks |= _marks(model, lookups, user)
    known = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    addresses = {address.lower() for address in (user.email, *known) if address}
    crops_of_faces, lacks_crops = _crops(user, every_face=every_face)
    return Identity(
        user_id=user.pk,
        name=user.get_username().lower(),
        marks=frozenset(marks - set(_shared(user))),
        addresses=frozenset(addresses),
        cache_keys=frozenset(_cache_keys(user)),
        crops=crops_of_faces,
        files=frozenset(_files(user)),
        lacks_crops=lacks_crops,
    )


def _files(user: User) -> Iterator[str]:
    """Yield the names of all stored files of an account."""
    for model, lookups in owned.models_of_people().items():
        fields = [f.attname for f in model._meta.concrete_fields if isinstance(f, FileField)]
        if fields:
            rows = owned.rows_of(model, lookups, user).values_list(*fields)
            for row in rows.iterator(chunk_size=PAGE):
                yield from (name for name in row if name)


def _marks(model: type[Model], lookups: list[str], user: User) -> set[str]:
    """Return ids, checksums and names of files of one model's rows."""
    fields = [field for field in model._meta.concrete_fields if _tells(field)]
    if not fields:
        return set()
    rows = owned.rows_of(model, lookups, user).values_list(*[field.attname for field in fields])
    return {
        mark for row in rows.iterator(chunk_size=PAGE) for value in row for mark in _read(value)
    }


def _tells(field: "Field[Any, Any]") -> bool:
    # Keys of other tables are marks of the rows there, if these go along.
    if field.is_relation:
        return False
    return isinstance(field, UUIDField | FileField) or (
        isinstance(field, CharField) and (field.max_length or 0) >= 32 and not field.choices
    )


def _read(value: Any) -> Iterator[str]:
    if isinstance(value, UUID):
        yield value.hex
    elif value:
        for mark in HEX.findall(PurePosixPath(str(value)).name.lower()):
            yield mark.replace("-", "")


def _shared(user: User) -> Iterator[str]:
    """Yield checksums of files that others have, too: these stay, and lead to the others."""
    for model in (Photo, Video):
        ours = model._base_manager.filter(owner=user).values("sha256")
        others = model._base_manager.filter(sha256__in=ours).exclude(owner=user)
        yield from others.values_list("sha256", flat=True)


def _cache_keys(user: User) -> Iterator[str]:
    """Yield the keys under which rate limits of the account are counted."""
    text = SimpleRateThrottle.cache_format
    for scope in settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]:
        yield text % {"scope": scope, "ident": user.pk}
    for token_id in ApiToken.objects.filter(user=user).values_list("id", flat=True):
        yield text % {"scope": "token", "ident": token_id}


def _crops(user: User, *, every_face: bool) -> tuple[frozenset[bytes], bool]:
    """Return the crops that data sets may hold, and whether some could not be cut.

    They are those of all faces of photos on which people judged: a verdict goes along to the face
    of a later analysis, and a data set may have the earlier one. A word that was taken back leaves
    no row, so `every_face` cuts all whose picture is there.
    """
    if not ReviewedExport.objects.exists():
        return frozenset(), False
    judged = Review.objects.filter(face__analysis__owner=user).values("face__analysis__photo")
    photos = Q(analysis__photo__in=judged)
    if every_face:
        photos |= ~Q(analysis__photo__image="")
    faces = Face.objects.filter(photos, analysis__owner=user, analysis__photo__is_demo=False)
    faces = faces.select_related("analysis__photo__owner")
    found: set[bytes] = set()
    lacks = False
    each = faces.order_by("analysis__photo").iterator(chunk_size=PAGE)
    for photo, of_photo in groupby(each, key=lambda face: face.analysis.photo):
        try:
            rgb = images.normalise(photo)
        except DetectorError:
            lacks = True
            continue
        found.update(crops.crop(rgb, face).tobytes() for face in of_photo)
    return frozenset(found), lacks
