"""Factories of rows for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from detector import consent
from detector.enums import Emotion, Event, ModelStatus, Source, Status
from detector.models import (
    Analysis,
    Face,
    LiveSession,
    ModelVersion,
    Photo,
    User,
    Video,
    VideoSegment,
    VideoStill,
    VideoTrack,
    VideoUpload,
    WebhookDelivery,
    WebhookEndpoint,
)
from detector.models.ids import new_id
from detector.tests.live.rows import row

MOMENT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    username = Sequence(lambda n: f"user{n}")
    email = LazyAttribute(lambda user: f"{user.username}@example.com")
    consent_version = consent.VERSION
    consented_at = MOMENT


class ModelVersionFactory(DjangoModelFactory[ModelVersion]):
    class Meta:
        model = ModelVersion
        django_get_or_create = ("name", "sha256")

    name = "test"
    sha256 = "f" * 64
    status = ModelStatus.RETIRED


class PhotoFactory(DjangoModelFactory[Photo]):
    class Meta:
        model = Photo

    owner = SubFactory(UserFactory)
    filename = Sequence(lambda n: f"photo{n}.jpg")
    sha256 = Sequence(lambda n: f"{n:064x}")
    width, height, format = 64, 48, "JPEG"
    uploaded_at = MOMENT
    taken_at = MOMENT
    source = Source.WEB
    image = LazyFunction(lambda: ContentFile(b"picture", name="image.jpg"))


class AnalysisFactory(DjangoModelFactory[Analysis]):
    class Meta:
        model = Analysis

    photo = SubFactory(PhotoFactory)
    owner = SelfAttribute("photo.owner")
    status = Status.DONE
    model_version = SubFactory(ModelVersionFactory)
    queued_at = due_at = finished_at = MOMENT


class FaceFactory(DjangoModelFactory[Face]):
    class Meta:
        model = Face

    analysis = SubFactory(AnalysisFactory, best_confidence=SelfAttribute("..confidence"))
    index = 0
    x, y, width, height = 10.0, 8.0, 20.0, 24.0
    landmarks: list[Any] = []
    detection_score = 0.9
    emotion = Emotion.HAPPY
    confidence = 0.9
    uncertain = False
    p_happy = 0.9
    p_angry = p_disgust = p_fear = p_sad = p_surprise = 0.0
    p_neutral = 0.1


class VideoFactory(DjangoModelFactory[Video]):
    """A video of a second that was analysed: `with_timeline` adds what was found."""

    class Meta:
        model = Video

    owner = SubFactory(UserFactory)
    model_version = SubFactory(ModelVersionFactory)
    filename = Sequence(lambda n: f"video{n}.mp4")
    sha256 = Sequence(lambda n: f"{n:064x}")
    file = LazyFunction(lambda: ContentFile(b"video as received", name="video"))
    stored_bytes = 17
    format, codec, duration, frame_rate = "MP4", "h264", 1.0, 10.0
    width, height, rate = 160, 120, 5.0
    uploaded_at = started_at = finished_at = MOMENT
    status = Status.DONE
    frame_count, seconds_with_face = 5, 1.0


class VideoUploadFactory(DjangoModelFactory[VideoUpload]):
    """An upload in parts of which nothing is there yet."""

    class Meta:
        model = VideoUpload

    owner = SubFactory(UserFactory)
    filename, length, offset = "walk.mp4", 1000, 0
    created_at = LazyFunction(timezone.now)
    expires_at = LazyFunction(lambda: timezone.now() + timedelta(hours=1))


def with_timeline(video: Video) -> Video:
    """Add one person who is happy all the time, with a picture."""
    face = [10.0, 8.0, 20.0, 24.0, 0.9, 0, 0.0, 0.0, 0.0, 0.9, 0.0, 0.0, 0.1]
    VideoSegment.objects.create(
        video=video, index=0, start=0.0, end=1.0, status=Status.DONE, attempt=1,
        queued_at=MOMENT, due_at=MOMENT, started_at=MOMENT, finished_at=MOMENT,
        observations=[[n / 5, [face]] for n in range(5)], tracks=[[0]] * 5,
    )  # fmt: skip
    summary = {
        "seconds": 1.0, "shares": {e.value: float(e == Emotion.HAPPY) for e in Emotion},
        "uncertain": 0.0, "changes": 0, "gaps": [],
        "bands": [
            {"start": 0, "end": 1, "emotion": "happy", "uncertain": False, "corrected": False}
        ],
        "peaks": [{"time": 0.0, "emotion": "happy", "confidence": 0.9}],
    }  # fmt: skip
    track = VideoTrack.objects.create(
        video=video, index=0, start=0.0, end=1.0, sightings=5, emotion=Emotion.HAPPY,
        summary=summary,
    )  # fmt: skip
    for shown, emotion in ((track, Emotion.HAPPY), (None, "")):
        VideoStill.objects.create(
            video=video, track=shown, time=0.0, emotion=emotion,
            confidence=0.9 if shown else None, picture=ContentFile(b"picture", name="still.jpg"),
        )  # fmt: skip
    return video


class WebhookEndpointFactory(DjangoModelFactory[WebhookEndpoint]):
    class Meta:
        model = WebhookEndpoint

    owner = SubFactory(UserFactory)
    url = "http://127.0.0.1:9/hook"
    events = LazyFunction(lambda: Event.values)


class WebhookDeliveryFactory(DjangoModelFactory[WebhookDelivery]):
    class Meta:
        model = WebhookDelivery

    endpoint = SubFactory(WebhookEndpointFactory)
    photo = SubFactory(PhotoFactory, owner=SelfAttribute("..endpoint.owner"))
    event = Event.ANALYSIS_DONE
    subject = LazyFunction(new_id)
    payload = "{}"
    created_at = due_at = LazyFunction(timezone.now)


class LiveSessionFactory(DjangoModelFactory[LiveSession]):
    class Meta:
        model = LiveSession

    owner = SubFactory(UserFactory)
    name = "Call with Kim"
    started_at = MOMENT
    seconds = 3
    model = "v7"
    faces = LazyFunction(
        lambda: [{"first": 0, "rows": [row("happy"), row("happy"), row("sad", uncertain=True)]}]
    )
    totals = LazyFunction(lambda: {**dict.fromkeys(Emotion.values, 0), "happy": 2, "sad": 1})
    uncertain_seconds = 1
