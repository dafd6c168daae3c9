"""Videos, the segments in which they are analysed, and what was found in them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from detector.enums import Emotion, Status
from detector.models.analysis import PASSING_ERRORS
from detector.models.constraints import allows_only
from detector.models.model_version import ModelVersion
from detector.models.photo import private_path
from detector.models.row import Row


def video_path(_video: "Video", _filename: str) -> str:
    """Return a new path for a video as received."""
    return private_path("videos", "")


def still_path(_still: "VideoStill", _filename: str) -> str:
    """Return a new path for a picture out of a video."""
    return private_path("stills", ".jpg")


class Video(Row):
    """A video of one owner, and where its analysis stands.

    `file` is as received; it is empty once the owner deleted it and kept the timeline, and of a
    video with `forget` as soon as its analysis has ended; such a video has no stills. `width` and
    `height` are those of the sampled frames, which all boxes refer to: upright, and shrunk to the
    working size. Time is cut into slots of 1/`rate` seconds, of which one frame each is analysed.
    `status` sums up the segments. A video with `deleted_at` is in the trash.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="videos"
    )
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="videos"
    )
    filename = models.CharField(max_length=255, help_text="As the owner called it.")
    file = models.FileField(upload_to=video_path, blank=True, max_length=200)
    sha256 = models.CharField(max_length=64, help_text="Of the file as received.")
    stored_bytes = models.PositiveBigIntegerField(default=0, help_text="Of all its files.")
    format = models.CharField(max_length=8)
    codec = models.CharField(max_length=16)
    duration = models.FloatField(help_text="Seconds, by the timestamps of its frames.")
    frame_rate = models.FloatField(help_text="Frames per second in the file.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    rate = models.FloatField(help_text="Frames per second that are analysed.")
    uploaded_at = models.DateTimeField()
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=50, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    frame_count = models.PositiveIntegerField(default=0, help_text="Frames that were analysed.")
    seconds_with_face = models.FloatField(default=0.0)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="In the bin since.")
    forget = models.BooleanField(
        default=False, db_default=False, help_text="Delete the file once it was analysed."
    )

    class Meta(Row.Meta):
        constraints = [
            models.UniqueConstraint(fields=["owner", "sha256"], name="video_once_an_owner"),
            allows_only("status", Status, name="video_status_known"),
            models.CheckConstraint(
                condition=Q(duration__gt=0, rate__gt=0, width__gt=0, height__gt=0),
                name="video_has_extent",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[Status.DONE, Status.FAILED], finished_at__isnull=False)
                | Q(status__in=[Status.QUEUED, Status.RUNNING], finished_at__isnull=True),
                name="video_finished_when_ended",
            ),
            models.CheckConstraint(
                condition=(Q(status=Status.FAILED) & ~Q(error_code=""))
                | (~Q(status=Status.FAILED) & Q(error_code="")),
                name="video_error_when_failed",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.DONE) | Q(model_version__isnull=False),
                name="video_done_names_model",
            ),
            models.CheckConstraint(
                condition=~Q(file="") | Q(status__in=[Status.DONE, Status.FAILED]),
                name="video_has_a_file_until_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="video_history"),
            models.Index(
                fields=["status"],
                condition=Q(status__in=[Status.QUEUED, Status.RUNNING]),
                name="video_under_way",
            ),
            models.Index(fields=["finished_at"], name="video_by_end"),
            models.Index(
                fields=["error_code"],
                condition=Q(status=Status.FAILED),
                name="video_failures",
            ),
            models.Index(
                fields=["deleted_at"], condition=Q(deleted_at__isnull=False), name="video_trash"
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def is_finished(self) -> bool:
        """Whether the analysis is done or has failed."""
        return self.status in (Status.DONE, Status.FAILED)

    @property
    def may_pass(self) -> bool:
        """Whether it failed for a reason that may be gone on a retry."""
        return self.error_code in PASSING_ERRORS


class VideoSegment(Row):
    """A span [start, end) of a video, in seconds, which one worker analyses at a time.

    It is claimed and leased as an analysis of a photo is: see `detector.common.leases`. Of all that
    wait, the one with the lowest `turn` is next: see `detector.videos.line`.

    `cuts` are the times of frames with which a new shot begins.
    `pictures` are candidates for stills, until the whole video is done.
    `observations` is a list of frames `[time, faces]`; a face is a list of the values that
    `detector.videos.observations` names. `tracks` has the number of the track of each face, in the
    same shape, once the whole video is done; null for a face in no track.
    """

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="segments")
    index = models.PositiveIntegerField()
    start = models.FloatField()
    end = models.FloatField()
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    turn = models.PositiveBigIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    observations = models.JSONField(default=list, blank=True)
    cuts = models.JSONField(default=list, blank=True)
    tracks = models.JSONField(default=list, blank=True)
    pictures = models.JSONField(default=list, blank=True)

    class Meta(Row.Meta):
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["video", "index"], name="video_segment_once"),
            allows_only("status", Status, name="video_segment_status_known"),
            models.CheckConstraint(
                condition=Q(status=Status.RUNNING, lease_expires_at__isnull=False)
                | (~Q(status=Status.RUNNING) & Q(lease_expires_at__isnull=True)),
                name="video_segment_lease_while_running",
            ),
            models.CheckConstraint(
                condition=Q(start__gte=0, end__gt=models.F("start")), name="video_segment_span"
            ),
        ]
        indexes = [
            models.Index(
                fields=["turn", "id"],
                condition=Q(status=Status.QUEUED),
                name="video_segment_waiting",
            ),
            models.Index(
                fields=["lease_expires_at"],
                condition=Q(status=Status.RUNNING),
                name="video_segment_leased",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.video_id} {self.index} {self.status}"


class VideoTrack(models.Model):
    """One person in a video, from the first to the last sighting, in seconds.

    `summary` holds what `detector.videos.summaries` computes: share of time for each expression,
    changes, peaks, spans that are uncertain and spans without the face.
    """

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="tracks")
    index = models.PositiveIntegerField()
    start = models.FloatField()
    end = models.FloatField()
    sightings = models.PositiveIntegerField()
    emotion = models.CharField(
        max_length=8, choices=Emotion, help_text="The one that lasts the longest."
    )
    summary = models.JSONField(default=dict)

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["video", "index"], name="video_track_once"),
            allows_only("emotion", Emotion, name="video_track_emotion_known"),
        ]

    def __str__(self) -> str:
        return f"{self.video_id} {self.index} {self.emotion}"


class VideoStill(models.Model):
    """A picture out of a video: of a whole frame, or of one face at its best or at a peak."""

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="stills")
    track = models.ForeignKey(
        VideoTrack, on_delete=models.CASCADE, null=True, blank=True, related_name="stills"
    )
    time = models.FloatField()
    emotion = models.CharField(max_length=8, choices=Emotion, blank=True)
    confidence = models.FloatField(null=True, blank=True)
    picture = models.FileField(upload_to=still_path, max_length=200)

    class Meta:
        ordering = ["time", "id"]

    def __str__(self) -> str:
        return f"{self.video_id} {self.time:.1f} {self.emotion}".rstrip()


class VideoCorrection(Row):
    """Holds what the owner says of a span [start, end) of a track; empty takes earlier words back.

    Where several say something of a moment, the latest counts.
    """

    track = models.ForeignKey(VideoTrack, on_delete=models.CASCADE, related_name="corrections")
    start = models.FloatField()
    end = models.FloatField()
    emotion = models.CharField(max_length=8, choices=Emotion, blank=True)
    created_at = models.DateTimeField()

    class Meta(Row.Meta):
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start__gte=0, end__gt=models.F("start")), name="video_correction_span"
            ),
            models.CheckConstraint(
                condition=Q(emotion="") | Q(emotion__in=Emotion.values),
                name="video_correction_emotion_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start:.1f}–{self.end:.1f} {self.emotion or 'as the model says'}"
