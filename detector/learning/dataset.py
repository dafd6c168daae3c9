"""Export reviewed faces as a frozen data set for training.

The format is that of `ml.training.data`: images (N, 48, 48) uint8 grey, label (N,) uint8 in the
order of `Emotion`, usage (N,) uint8 of `Split`, votes (N, 10) uint8. The same faces give the same
bytes, so the checksum identifies the data.
"""

import hashlib
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from detector import consent
from detector.analyses import crops
from detector.common import audit
from detector.enums import Emotion, Split, Verdict
from detector.exceptions import DetectorError, OutageError
from detector.learning import labels
from detector.models import Face, Photo, ReviewedExport, User
from detector.models.ids import new_id
from detector.photos import images

SHARES: Final = {Split.TRAIN: 0.7, Split.VALIDATION: 0.1, Split.TEST: 0.2}
VOTE_COLUMNS: Final = (
    Verdict.NEUTRAL,
    Verdict.HAPPY,
    Verdict.SURPRISE,
    Verdict.SAD,
    Verdict.ANGRY,
    Verdict.DISGUST,
    Verdict.FEAR,
    None,  # contempt, which is not among our verdicts
    Verdict.CANNOT_TELL,
    Verdict.NOT_A_FACE,
)
"""The columns of `votes`, in the order of FER+."""
LABEL_RULE: Final = "the settled verdict of reviewers, else the owner's"
NOTHING_REVIEWED: Final = DetectorError(
    "nothing_reviewed", "No face has been named whose owner agrees to reviews."
)


@dataclass
class Collected:
    """Faces with their crops, row by row, and the number left out by reason."""

    faces: list[Face] = field(default_factory=list)
    crops: list[NDArray[np.uint8]] = field(default_factory=list)
    left_out: "Counter[str]" = field(default_factory=Counter)

    def only(self, allowed: set[int]) -> "Collected":
        """Return the rows whose face is still allowed, and count the others as withdrawn."""
        rows = [row for row, face in enumerate(self.faces) if face.pk in allowed]
        left_out = self.left_out + Counter(withdrawn=len(self.faces) - len(rows))
        return Collected(
            [self.faces[row] for row in rows], [self.crops[row] for row in rows], left_out
        )


def export(out: Path, *, actor: User | None) -> ReviewedExport:
    """Write the data set to `out`, and beside it a manifest with the suffix `.json`.

    Raises DetectorError `nothing_reviewed`, and OSError where the files cannot be written.
    """
    collected = _collect()
    # Cropping takes long, so leave out faces whose consent or photo was withdrawn meanwhile.
    allowed = set(labels.reviewed_faces().values_list("pk", flat=True))
    collected = collected.only(allowed)
    if not collected.faces:
        raise NOTHING_REVIEWED
    sha256 = _write(out, _arrays(collected))
    now = timezone.now()
    row = ReviewedExport(
        id=new_id(),
        name=f"reviewed-{now:%Y%m%d}-{sha256[:8]}",
        path=str(out.resolve()),
        sha256=sha256,
        faces=len(collected.faces),
        counts=_counts(collected.faces),
        created_by=actor,
    )
    manifest = _manifest(row, collected, file=out.name, created_at=now)
    _write_text(out.with_suffix(".json"), json.dumps(manifest, indent=2) + "\n")
    with transaction.atomic():
        row.save(force_insert=True)
        audit.record(actor, "reviewedexport.made", row, faces=row.faces, sha256=sha256)
    return row


def _manifest(
    row: ReviewedExport, collected: Collected, *, file: str, created_at: datetime
) -> dict[str, object]:
    return {
        "format_version": 1,
        "id": str(row.pk),
        "name": row.name,
        "created_at": created_at.isoformat(timespec="seconds"),
        "file": file,
        "sha256": row.sha256,
        "faces": row.faces,
        "labels": Emotion.values,
        "label_rule": LABEL_RULE,
        "split_by": settings.REVIEWED_SPLIT_BY,
        "split_shares": {split.name.lower(): share for split, share in SHARES.items()},
        "counts": row.counts,
        "left_out": dict(collected.left_out),
        "verdicts": _verdicts(collected.faces),
        "read_by": dict(Counter(str(face.analysis.model_version) for face in collected.faces)),
        "consent_version": consent.REVIEW_VERSION,
    }


def split_of(photo: Photo) -> Split:
    """Return the split of a photo, the same in every export.

    It depends on a hash of the owner, since the same people appear in many of an owner's photos.
    With `REVIEWED_SPLIT_BY=photo` it depends on a hash of the photo, for sites with few owners.
    """
    return _split_by_hash(_key(photo.owner_id, photo.sha256))


def _key(owner_id: UUID, sha256: str) -> str:
    return sha256 if settings.REVIEWED_SPLIT_BY == "photo" else owner_id.hex


def _split_by_hash(key: str) -> Split:
    place = int.from_bytes(hashlib.sha256(f"reviewed {key}".encode()).digest()[:8]) / 2**64
    for split, share in SHARES.items():
        place -= share
        if place < 0:
            return split
    return Split.TEST


def _collect() -> Collected:
    collected = Collected()
    shared = labels.owners_of_shared_photos()
    seen: set[str] = set()
    for faces in labels.by_photo(labels.reviewed_faces()):
        photo = faces[0].analysis.photo
        owners = shared.get(photo.sha256, {photo.owner_id})
        if len({_split_by_hash(_key(owner, photo.sha256)) for owner in owners}) > 1:
            collected.left_out["in_two_parts"] += len(faces)
        elif photo.sha256 in seen:
            collected.left_out["repeated"] += len(faces)
        else:
            seen.add(photo.sha256)
            _add(collected, photo, faces)
    return collected


def _add(collected: Collected, photo: Photo, faces: list[Face]) -> None:
    """Crop the named faces of a photo. An unreadable photo is skipped and counted."""
    unique = labels.without_repeats(faces)
    collected.left_out["repeated"] += len(faces) - len(unique)
    named = [face for face in unique if labels.verdict_on(face) in Emotion.values]
    collected.left_out.update(labels.verdict_on(face) for face in unique if face not in named)
    if not named:
        return
    try:
        rgb = images.normalise(photo)
    except OutageError:
        # An outage must not leave gaps in the data set.
        raise
    except DetectorError:
        collected.left_out["unreadable"] += len(named)
        return
    collected.faces += named
    collected.crops += [crops.crop(rgb, face) for face in named]


def _arrays(collected: Collected) -> dict[str, NDArray[np.uint8]]:
    place = {emotion: row for row, emotion in enumerate(Emotion.values)}
    faces = collected.faces
    return {
        "images": np.stack(collected.crops),
        "label": np.array([place[labels.verdict_on(face)] for face in faces], np.uint8),
        "usage": np.array([split_of(face.analysis.photo) for face in faces], np.uint8),
        "votes": np.array([_votes(face) for face in faces], np.uint8),
    }


def _votes(face: Face) -> list[int]:
    given = labels.verdicts_on(face)
    return [given[column] if column else 0 for column in VOTE_COLUMNS]


def _counts(faces: list[Face]) -> dict[str, dict[str, int]]:
    """Count the faces by split and emotion."""
    found = Counter((split_of(f.analysis.photo), labels.verdict_on(f)) for f in faces)
    return {
        split.name.lower(): {emotion: found[split, emotion] for emotion in Emotion.values}
        for split in Split
    }


def _verdicts(faces: list[Face]) -> dict[str, int]:
    """Count the verdicts behind the labels, by kind of reviewer."""
    return dict(Counter(review.kind for face in faces for review in face.reviews.all()))


def _write(out: Path, arrays: dict[str, NDArray[np.uint8]]) -> str:
    """Write an `.npz` atomically, with a constant timestamp inside. Return its SHA-256."""
    with (
        _atomic_write(out) as part,
        zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    with out.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_text(path: Path, text: str) -> None:
    with _atomic_write(path) as part:
        part.write_text(text, encoding="utf-8")


@contextmanager
def _atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path, which replaces `path` at the end. On errors it is removed.

    The file is private to its user: it may lie where others look.
    """
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        part.touch(mode=0o600, exist_ok=False)
        yield part
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
