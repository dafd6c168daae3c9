"""Create and remove demo photos: a made-up history of drawn faces, to fill the charts."""

import hashlib
import math
import random
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from detector.enums import Emotion, ModelStatus, Source, Status
from detector.insights import rollups
from detector.models import Analysis, Face, ModelVersion, Photo, PhotoTag, User
from detector.models.photo import image_path
from detector.operations import demo_copies, demo_faces
from detector.photos import images

MODEL: Final = "demo"
"""Name of the demo model version; no network has this name."""
DAYS: Final = 365
VARIANTS: Final = 5
BATCH: Final = 500
MOST_DRAWN: Final = 10_000
"""Above this number photos are copied in the database, with the same files."""
TAGS: Final = ("family", "work", "holiday", "friends", "sport")
NOTES: Final = ("After a long walk.", "First day back.", "Nobody was ready.", "Good light today.")
WEEKEND: Final = 5
UNSURE: Final = 0.5


@dataclass
class Batch:
    """Rows to insert together."""

    photos: list[Photo] = field(default_factory=list)
    analyses: list[Analysis] = field(default_factory=list)
    faces: list[Face] = field(default_factory=list)
    tags: list[PhotoTag] = field(default_factory=list)

    def write(self, copies: int = 0) -> None:
        """Insert all rows in one transaction: no analysis may appear without its faces."""
        with transaction.atomic():
            Photo.objects.bulk_create(self.photos)
            Analysis.objects.bulk_create(self.analyses)
            Face.objects.bulk_create(self.faces)
            PhotoTag.objects.bulk_create(self.tags)
            demo_copies.multiply(self.photos, self.analyses, copies)


def seed(owner: User, photos: int, *, chance_seed: int = 2013) -> None:
    """Add demo photos to a user's history, spread over the last year."""
    chance = random.Random(chance_seed)  # noqa: S311
    model, _ = ModelVersion.objects.get_or_create(
        name=MODEL,
        sha256=hashlib.sha256(MODEL.encode()).hexdigest(),
        defaults={"status": ModelStatus.RETIRED, "manifest": {"made_up": True}},
    )
    copies = max(photos - 1, 0) // MOST_DRAWN
    single = photos % (copies + 1)
    _add_photos(owner, model, photos // (copies + 1), chance, copies=copies)
    _add_photos(owner, model, single, chance)
    rollups.rebuild(owner)


def _add_photos(
    owner: User, model: ModelVersion, photos: int, chance: random.Random, *, copies: int = 0
) -> None:
    """Add photos, and copies of each one."""
    drawn: dict[tuple[tuple[Emotion, ...], int], bytes] = {}
    moments = sorted(_moment(owner, chance) for _ in range(photos))
    for start in range(0, photos, BATCH):
        batch = Batch()
        for moment in moments[start : start + BATCH]:
            emotions = _emotions(moment.astimezone(owner.zone), chance)
            look = (emotions, chance.randrange(VARIANTS))
            if look not in drawn:
                drawn[look] = demo_faces.draw(*look)
            _add(batch, owner, model, moment, emotions, drawn[look], chance)
        batch.write(copies)


def remove(owner: User) -> int:
    """Delete all demo photos of a user with their files. Return how many."""
    removed = 0
    files: set[str] = set()
    made_up = Photo.objects.filter(owner=owner, is_demo=True).order_by("id")
    while found := dict(made_up.values_list("pk", "image")[:BATCH]):
        with transaction.atomic():
            Photo.objects.filter(pk__in=found).delete()
        removed += len(found)
        files.update(found.values())
    images.delete_files(sorted(files))
    rollups.rebuild(owner)
    return removed


def _moment(owner: User, chance: random.Random) -> datetime:
    """Return a time in the last year: more at weekends, most in the evening."""
    now = timezone.now()
    while True:
        moment = now - timedelta(days=chance.random() * DAYS)
        local = moment.astimezone(owner.zone)
        evening = math.exp(-(((local.hour - 18) / 4) ** 2))
        morning = 0.4 * math.exp(-(((local.hour - 9) / 2) ** 2))
        weekend = 1.0 if local.weekday() >= WEEKEND else 0.6
        if chance.random() < weekend * max(evening, morning, 0.02):
            return moment


def _emotions(local: datetime, chance: random.Random) -> tuple[Emotion, ...]:
    """Draw emotions of 0 to 2 faces: happier at weekends and in summer, sadder in winter."""
    faces = chance.choices((0, 1, 2), (6, 80, 14))[0]
    summer = 0.5 - 0.5 * math.cos(2 * math.pi * local.timetuple().tm_yday / DAYS)
    weekend = 1.0 if local.weekday() >= WEEKEND else 0.0
    weights = {
        Emotion.ANGRY: 6 - 3 * weekend,
        Emotion.DISGUST: 2.0,
        Emotion.FEAR: 3.0,
        Emotion.HAPPY: 18 + 14 * weekend + 10 * summer,
        Emotion.SAD: 12 - 8 * summer,
        Emotion.SURPRISE: 7.0,
        Emotion.NEUTRAL: 26 - 10 * weekend,
    }
    return tuple(chance.choices(list(weights), list(weights.values()), k=faces))


def _add(
    batch: Batch,
    owner: User,
    model: ModelVersion,
    moment: datetime,
    emotions: tuple[Emotion, ...],
    content: bytes,
    chance: random.Random,
) -> None:
    photo = _photo(owner, moment, emotions, content, chance)
    analysis = Analysis(
        id=demo_copies.id_to_copy(),
        photo=photo,
        owner=owner,
        model_version=model,
        status=Status.DONE,
        attempt=1,
        queued_at=moment,
        due_at=moment,
        started_at=moment,
        finished_at=moment,
    )
    batch.photos.append(photo)
    batch.analyses.append(analysis)
    for index, (emotion, centre) in enumerate(
        zip(emotions, demo_faces.centres(len(emotions)), strict=True)
    ):
        face = _face(analysis, index, emotion, centre, chance)
        analysis.best_confidence = max(analysis.best_confidence, face.confidence)
        batch.faces.append(face)
    if chance.random() < 0.3:
        batch.tags.append(PhotoTag(photo=photo, owner=photo.owner, name=chance.choice(TAGS)))


def _photo(
    owner: User,
    moment: datetime,
    emotions: tuple[Emotion, ...],
    content: bytes,
    chance: random.Random,
) -> Photo:
    width, height = demo_faces.SIZE
    photo = Photo(
        id=demo_copies.id_to_copy(),
        owner=owner,
        filename=f"drawn-{moment.astimezone(owner.zone):%Y-%m-%d-%H%M}.jpg",
        sha256=secrets.token_hex(30) + "0000",
        width=width,
        height=height,
        format="JPEG",
        captured_at=moment,
        uploaded_at=moment,
        taken_at=moment,
        source=chance.choices(list(Source)[:3], (6, 1, 2))[0],
        note=chance.choice(NOTES) if chance.random() < 0.1 else "",
        felt_emotion=_felt(emotions, chance),
        is_demo=True,
    )
    # One file serves as both, since it is as small as a thumbnail.
    name = default_storage.save(image_path(photo, ""), ContentFile(content))
    photo.image.name = photo.thumbnail.name = name
    return photo


def _felt(emotions: tuple[Emotion, ...], chance: random.Random) -> str:
    """Return a self-report for some photos, mostly the emotion that the face shows."""
    if not emotions or chance.random() > 0.15:
        return ""
    return (emotions[0] if chance.random() < 0.65 else chance.choice(list(Emotion))).value


def _face(
    analysis: Analysis,
    index: int,
    emotion: Emotion,
    centre: tuple[int, int],
    chance: random.Random,
) -> Face:
    confidence = 0.35 + 0.64 * chance.betavariate(4, 1.4)
    rest = {other: chance.random() for other in Emotion if other != emotion}
    scale = (1 - confidence) / sum(rest.values())
    # No other emotion may be more probable than the predicted one.
    shares = {other: min(share * scale, confidence) for other, share in rest.items()}
    x, y = centre
    r = demo_faces.RADIUS
    return Face(
        analysis=analysis,
        index=index,
        x=x - 0.8 * r,
        y=y - r,
        width=1.6 * r,
        height=2.0 * r,
        landmarks=[],
        detection_score=0.99,
        emotion=emotion,
        confidence=confidence,
        uncertain=confidence < UNSURE,
        **{Face.PROBABILITY_FIELDS[e]: confidence if e == emotion else shares[e] for e in Emotion},
    )
