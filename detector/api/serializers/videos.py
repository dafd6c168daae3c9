"""Videos, their tracks and timelines."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from detector.api.serializers.analyses import ModelSerializer
from detector.api.serializers.errors import FailureSerializer
from detector.api.serializers.faces import ProbabilitiesSerializer
from detector.api.serializers.fields import BodySerializer, MomentField
from detector.enums import Emotion, Status
from detector.models import Video, VideoStill, VideoTrack
from detector.videos import selectors


class ProgressSerializer(serializers.Serializer[Any]):
    """Tells how far the analysis is."""

    percent = serializers.IntegerField(min_value=0, max_value=100, help_text="Of the segments.")
    seconds_left = serializers.IntegerField(
        allow_null=True, help_text="About how long it still takes; null before that is known."
    )


class StillSerializer(serializers.Serializer[VideoStill]):
    """A picture out of the video."""

    time = serializers.FloatField(help_text="In seconds from the start.")
    emotion = serializers.SerializerMethodField(help_text="Null for a whole frame.")
    confidence = serializers.FloatField(
        allow_null=True, help_text="Probability of `emotion`; null for a whole frame."
    )
    url = serializers.SerializerMethodField(help_text="URL of the picture.")

    @extend_schema_field(serializers.ChoiceField(choices=Emotion.choices, allow_null=True))
    def get_emotion(self, still: VideoStill) -> str | None:
        """Return the expression that it shows at a peak."""
        return still.emotion or None

    def get_url(self, still: VideoStill) -> str:
        """Return the URL of the picture."""
        path = reverse("api:v1:video-still", args=[still.video_id, still.pk])
        return str(self.context["request"].build_absolute_uri(path))


class TrackSerializer(serializers.Serializer[VideoTrack]):
    """One person in the video."""

    index = serializers.IntegerField(help_text="From 0, in the order of appearance.")
    start = serializers.FloatField(help_text="First second in which the face was seen.")
    end = serializers.FloatField(help_text="End of the last sighting, in seconds.")
    sightings = serializers.IntegerField(help_text="Frames in which it was seen.")
    seconds = serializers.FloatField(source="summary.seconds", help_text="How long it was seen.")
    emotion = serializers.ChoiceField(
        choices=Emotion.choices, help_text="The expression that lasts the longest."
    )
    shares = ProbabilitiesSerializer(
        source="summary.shares",
        help_text="Share of `seconds` of each expression, where it is certain.",
    )
    uncertain = serializers.FloatField(
        source="summary.uncertain", help_text="Share of `seconds` that is uncertain."
    )
    changes = serializers.IntegerField(
        source="summary.changes", help_text="How often one certain expression followed another."
    )
    stills = StillSerializer(many=True)


class VideoSerializer(serializers.Serializer[Video]):
    """A video, and where its analysis stands."""

    id = serializers.UUIDField(help_text="Sorts by time.")
    status = serializers.ChoiceField(choices=Status.choices, help_text="State of the analysis.")
    created_at = MomentField(source="uploaded_at", help_text="When it was uploaded.")
    filename = serializers.CharField(help_text="Name of the uploaded file.")
    sha256 = serializers.CharField(help_text="SHA-256 of the uploaded file.")
    format = serializers.CharField(help_text="MP4, MOV, WEBM, MKV or AVI.")
    codec = serializers.CharField(help_text="Name of the codec, as FFmpeg calls it.")
    duration = serializers.FloatField(help_text="In seconds, by the times of its frames.")
    frame_rate = serializers.FloatField(help_text="Frames per second in the file.")
    width = serializers.IntegerField(
        help_text="Of the frames as they are analysed, upright. Boxes are in these pixels."
    )
    height = serializers.IntegerField(help_text="The same.")
    rate = serializers.FloatField(help_text="Frames per second that are analysed.")
    has_file = serializers.SerializerMethodField(
        help_text="False once the file was deleted and the timeline kept."
    )
    progress = serializers.SerializerMethodField()
    model = ModelSerializer(source="model_version", allow_null=True)
    frame_count = serializers.IntegerField(help_text="Frames that were analysed; 0 until the end.")
    seconds_with_face = serializers.FloatField(
        help_text="Seconds in which any face was followed; 0 until the end."
    )
    tracks = TrackSerializer(many=True)
    stills = serializers.SerializerMethodField(help_text="Whole frames all along the video.")
    error = serializers.SerializerMethodField()
    withheld = serializers.SerializerMethodField(
        help_text="True if the token lacks `read`. Then only `id`, `status` and `created_at` are "
        "given; all other fields are blank."
    )

    def get_has_file(self, video: Video) -> bool:
        """Return whether the file is still there."""
        return bool(video.file)

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, video: Video) -> Any:
        """Return how far the analysis is."""
        return ProgressSerializer(selectors.progress_of(video)).data

    @extend_schema_field(StillSerializer(many=True))
    def get_stills(self, video: Video) -> Any:
        """Return the pictures of whole frames."""
        return [
            StillSerializer(still, context=self.context).data
            for still in video.stills.all()
            if still.track_id is None
        ]

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_error(self, video: Video) -> dict[str, str] | None:
        """Return code and message of a failure."""
        if not video.error_code:
            return None
        return {"code": video.error_code, "message": video.error_message}

    @extend_schema_field(serializers.BooleanField())
    def get_withheld(self, video: Video) -> bool:
        """Return False; `receipt` sets it to True."""
        return False


BLANK: dict[str, Any] = {
    "filename": "", "sha256": "", "format": "", "codec": "", "duration": 0.0, "frame_rate": 0.0,
    "width": 0, "height": 0, "rate": 0.0, "has_file": False,
    "progress": {"percent": 0, "seconds_left": None}, "model": None, "frame_count": 0,
    "seconds_with_face": 0.0, "tracks": [], "stills": [], "error": None, "withheld": True,
}  # fmt: skip


def receipt(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return the serialized video for a caller who may write but not read."""
    return {**shown, **BLANK}


class VideoUploadSerializer(BodySerializer):
    """The file of one call."""

    video = serializers.FileField(
        allow_empty_file=True, use_url=False, help_text="MP4, MOV, WebM, MKV or AVI."
    )


class VideoUploadQuerySerializer(serializers.Serializer[Any]):
    """The choice to keep the timeline alone."""

    forget = serializers.BooleanField(
        allow_null=True,
        default=None,
        help_text="Whether to keep the timeline alone: the file is deleted as soon as its analysis "
        "has ended, and there are no stills. By default the setting of the account.",
    )


class SpanSerializer(serializers.Serializer[Any]):
    """Tells what you said of a span of a track."""

    id = serializers.UUIDField(help_text="Sorts by time.")
    start = serializers.FloatField(help_text="In seconds.")
    end = serializers.FloatField(help_text="In seconds; not part of it.")
    emotion = serializers.ChoiceField(
        choices=Emotion.choices, allow_null=True, help_text="Null: as the model says."
    )


class CorrectionSerializer(BodySerializer):
    """A correction of a span of a track."""

    start = serializers.FloatField(min_value=0, help_text="In seconds.")
    end = serializers.FloatField(min_value=0, help_text="In seconds; not part of it.")
    emotion = serializers.ChoiceField(
        choices=Emotion.choices,
        allow_null=True,
        help_text="What it is; null takes back what you said before.",
    )


def _column(child: serializers.Field[Any, Any, Any, Any], text: str) -> Any:
    return serializers.ListField(child=child, help_text=text)


class SightingsSerializer(serializers.Serializer[Any]):
    """The sightings of a track as columns of equal length, by time."""

    times = _column(serializers.FloatField(), "Seconds from the start.")
    boxes = _column(
        serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4),
        "Left, top, width and height, in pixels of `width` × `height`.",
    )
    scores = _column(serializers.FloatField(), "Scores of the detector, 0 to 1.")
    probabilities = _column(
        serializers.ListField(child=serializers.FloatField(), min_length=7, max_length=7),
        "Calibrated, in the order of `emotions` of the timeline.",
    )
    emotions = _column(serializers.ChoiceField(choices=Emotion.choices), "What is shown.")
    uncertain = _column(serializers.BooleanField(), "Whether that is uncertain.")
    corrected = _column(serializers.BooleanField(), "Whether you said it.")


class LaneSerializer(serializers.Serializer[Any]):
    """A track with all its sightings."""

    index = serializers.IntegerField(help_text="As in `tracks` of the video.")
    start = serializers.FloatField(help_text="In seconds.")
    end = serializers.FloatField(help_text="In seconds.")
    emotion = serializers.ChoiceField(
        choices=Emotion.choices, help_text="The expression that lasts the longest."
    )
    summary = serializers.DictField(
        help_text="`seconds`, `shares`, `uncertain`, `changes`, `bands` (spans of whole seconds "
        "with one label), `peaks` and `gaps` (spans without the face)."
    )
    corrections = SpanSerializer(many=True)
    frames = SightingsSerializer()


class VideoTimelineSerializer(serializers.Serializer[Any]):
    """The timeline of a video."""

    video = serializers.UUIDField(help_text="Id of the video.")
    duration = serializers.FloatField(help_text="In seconds.")
    rate = serializers.FloatField(help_text="Frames per second that were analysed.")
    width = serializers.IntegerField(help_text="Boxes are in these pixels.")
    height = serializers.IntegerField(help_text="The same.")
    emotions = serializers.ListField(
        child=serializers.ChoiceField(choices=Emotion.choices),
        help_text="The order of all probabilities.",
    )
    times = _column(serializers.FloatField(), "Of all frames that were analysed, in seconds.")
    tracks = LaneSerializer(many=True)


class VideoExportQuerySerializer(serializers.Serializer[Any]):
    """Format of an export."""

    format = serializers.ChoiceField(
        choices=["csv", "json", "vtt", "srt"], default="csv", help_text="Format of the file."
    )
    per = serializers.ChoiceField(
        choices=["frame", "second"], default="frame", help_text="What a row of the CSV stands for."
    )


class VideoFileQuerySerializer(serializers.Serializer[Any]):
    """Chooses what is deleted with the file."""

    stills = serializers.BooleanField(
        default=False, help_text="Whether the pictures out of it are deleted as well."
    )
