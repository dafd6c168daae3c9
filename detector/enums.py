"""The closed sets of the data model."""

from django.db.models import IntegerChoices, TextChoices


class Emotion(TextChoices):
    """The seven expressions, in FER2013's order."""

    ANGRY = "angry"
    DISGUST = "disgust"
    FEAR = "fear"
    HAPPY = "happy"
    SAD = "sad"
    SURPRISE = "surprise"
    NEUTRAL = "neutral"


class QualityFlag(TextChoices):
    """What about a face makes its emotion hard to read; as `ml.quality.FLAGS`."""

    SMALL = "small"
    BLURRED = "blurred"
    TURNED = "turned"
    COVERED = "covered"
    CUT = "cut"
    TILTED = "tilted"
    DOUBTFUL = "doubtful"


class Status(TextChoices):
    """Where an analysis stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


UNDER_WAY = (Status.QUEUED, Status.RUNNING)
"""Where something will still happen by itself; a photo has one such analysis at most."""


class Source(TextChoices):
    """How a photo came in."""

    WEB = "web"
    API = "api"
    CAMERA = "camera"
    VIDEO = "video"
    ARCHIVE = "archive"


class ModelStatus(TextChoices):
    """The life of a model version; at most one is active."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    RETIRED = "retired"


class Split(IntegerChoices):
    """The parts of a data set, as `ml.training.data.Split`."""

    TRAIN = 0
    VALIDATION = 1
    TEST = 2


class ReanalysisStatus(TextChoices):
    """Where a campaign to read old photos anew stands; the last two are its ends."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class FineTuneStatus(TextChoices):
    """Where a fine-tune stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @classmethod
    def open_ones(cls) -> list["FineTuneStatus"]:
        """Those of what still has to end."""
        return [cls.QUEUED, cls.RUNNING]


class Theme(TextChoices):
    """The colours of the pages."""

    SYSTEM = "system", "As the device"
    LIGHT = "light"
    DARK = "dark"


class DateLanguage(TextChoices):
    """In which language dates are written; the value is a language of Django's."""

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
    """Days after its upload at which a photo is erased; none means never."""

    MONTH = 30, "30 days"
    QUARTER = 90, "90 days"
    YEAR = 365, "365 days"

    __empty__ = "For ever"


class Scope(TextChoices):
    """What a token allows: to look, to change, and to judge the faces of others."""

    READ = "read"
    WRITE = "write"
    REVIEW = "review"


class Verdict(TextChoices):
    """What a person makes of a face: an expression, or why there is none to name."""

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
        """Whether it names an expression."""
        return self.value in Emotion.values


class ReviewKind(TextChoices):
    """Who gave a verdict: the photo's owner, or a reviewer who saw no other opinion."""

    OWNER = "owner"
    REVIEWER = "reviewer"


class CaseStatus(TextChoices):
    """Whether reviewers still have to look at a face."""

    OPEN = "open"
    SETTLED = "settled"


class Event(TextChoices):
    """What a webhook can tell of."""

    ANALYSIS_DONE = "analysis.done"
    ANALYSIS_FAILED = "analysis.failed"
    REVIEW_CREATED = "review.created"


class DeliveryStatus(TextChoices):
    """Where the delivery of an event stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
