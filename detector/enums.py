"""Enumerations of the data model."""

from django.db.models import IntegerChoices, TextChoices


class Emotion(TextChoices):
    """The seven expressions, in the order of FER2013."""

    ANGRY = "angry"
    DISGUST = "disgust"
    FEAR = "fear"
    HAPPY = "happy"
    SAD = "sad"
    SURPRISE = "surprise"
    NEUTRAL = "neutral"


class QualityFlag(TextChoices):
    """Reasons why the emotion of a face is hard to read, the same as `ml.quality.FLAGS`."""

    SMALL = "small"
    BLURRED = "blurred"
    TURNED = "turned"
    COVERED = "covered"
    CUT = "cut"
    TILTED = "tilted"
    DOUBTFUL = "doubtful"


class Status(TextChoices):
    """Status of an analysis."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


UNDER_WAY = (Status.QUEUED, Status.RUNNING)
"""The unfinished statuses. A photo has at most one analysis under way."""
WITHOUT_RESULT = (*UNDER_WAY, Status.FAILED)
"""All statuses but done."""


class Priority(IntegerChoices):
    """Place in the line: a single photo, or one of many, as of a ZIP or a re-analysis."""

    SINGLE = 0
    BATCH = 1


class Source(TextChoices):
    """Where a photo was uploaded from."""

    WEB = "web"
    API = "api"
    CAMERA = "camera"
    VIDEO = "video"
    ARCHIVE = "archive"


class ModelStatus(TextChoices):
    """Status of a model version; at most one version is active."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    RETIRED = "retired"


class Split(IntegerChoices):
    """The parts of a data set, the same as `ml.training.data.Split`."""

    TRAIN = 0
    VALIDATION = 1
    TEST = 2


class ReanalysisStatus(TextChoices):
    """Status of a campaign that analyses old photos again; the last two are final."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class FineTuneStatus(TextChoices):
    """Status of a fine-tune."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @classmethod
    def unfinished(cls) -> list["FineTuneStatus"]:
        """Return the statuses of fine-tunes that have not ended."""
        return [cls.QUEUED, cls.RUNNING]


class Theme(TextChoices):
    """Colour scheme of the pages."""

    SYSTEM = "system", "As the device"
    LIGHT = "light"
    DARK = "dark"


class DateLanguage(TextChoices):
    """Language of dates; the value is a Django language code."""

    ENGLISH = "en-gb", "English"
    AMERICAN = "en", "English (United States)"
    DANISH = "da", "Dansk"
    GERMAN = "de", "Deutsch"
    SPANISH = "es", "Español"
    FRENCH = "fr", "Français"
    ITALIAN = "it", "Italiano"
    DUTCH = "nl", "Nederlands"
    POLISH = "pl", "Polski"
    PORTUGUESE = "pt", "Português"
    SWEDISH = "sv", "Svenska"
    JAPANESE = "ja", "日本語"


class KeepPhotos(IntegerChoices):
    """Days from the upload of a photo or video, or the start of a live session, to its erasure.

    None means never.
    """

    MONTH = 30, "30 days"
    QUARTER = 90, "90 days"
    YEAR = 365, "365 days"

    __empty__ = "For ever"


class Scope(TextChoices):
    """What an API token allows: to read, to change, and to review the faces of others."""

    READ = "read"
    WRITE = "write"
    REVIEW = "review"


class Verdict(TextChoices):
    """A person's verdict on a face: an expression, or why none can be named."""

    ANGRY = "angry"
    DISGUST = "disgust"
    FEAR = "fear"
    HAPPY = "happy"
    SAD = "sad"
    SURPRISE = "surprise"
    NEUTRAL = "neutral"
    NOT_A_FACE = "not_a_face", "Not a face"
    CANNOT_TELL = "cannot_tell", "Cannot tell"

    @property
    def is_emotion(self) -> bool:
        """Whether the verdict names an expression."""
        return self.value in Emotion.values


class ReviewKind(TextChoices):
    """Who gave a verdict: the owner of the photo, or a reviewer, who sees no other verdict."""

    OWNER = "owner"
    REVIEWER = "reviewer"


class CaseStatus(TextChoices):
    """Status of the review of a face."""

    OPEN = "open"
    SETTLED = "settled"


class Event(TextChoices):
    """Events that webhooks are sent for."""

    ANALYSIS_DONE = "analysis.done"
    ANALYSIS_FAILED = "analysis.failed"
    REVIEW_CREATED = "review.created"
    VIDEO_DONE = "video.done"
    VIDEO_FAILED = "video.failed"


class DeliveryStatus(TextChoices):
    """Status of a webhook delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
