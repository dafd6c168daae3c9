"""Resumable uploads of videos that are under way, and their parts."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from detector.models.photo import private_path
from detector.models.row import Row
from detector.models.video import Video


def part_path(_part: "VideoUploadPart", _filename: str) -> str:
    """Return a new path for a part of an upload."""
    return private_path("parts", "")


class VideoUpload(Row):
    """A video that comes in parts, each by a request of its own: see `detector.videos.uploads`.

    `offset` is how many of its `length` bytes are there. Once all are, `video` is the video that
    they became, and the parts are gone. The row stays until `expires_at`, so that a client that
    did not get the last answer can ask again.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="video_uploads"
    )
    filename = models.CharField(max_length=255, help_text="As the owner called it.")
    metadata = models.CharField(max_length=2000, blank=True, help_text="As the client sent it.")
    length = models.PositiveBigIntegerField(help_text="Bytes of the whole file.")
    offset = models.PositiveBigIntegerField(default=0, help_text="Bytes that are there.")
    forget = models.BooleanField(
        null=True, blank=True, help_text="Keep the timeline alone; none: as the owner prefers."
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    video = models.ForeignKey(
        Video, on_delete=models.CASCADE, null=True, blank=True, related_name="uploads"
    )

    class Meta(Row.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(video__isnull=True, offset__lt=F("length"))
                | Q(video__isnull=False, offset=F("length")),
                name="video_upload_ends_with_a_video",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="video_upload_list"),
            models.Index(fields=["expires_at"], name="video_upload_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.filename} {self.offset}/{self.length}"


class VideoUploadPart(models.Model):
    """A span of an upload, in a file of its own."""

    upload = models.ForeignKey(VideoUpload, on_delete=models.CASCADE, related_name="parts")
    offset = models.PositiveBigIntegerField()
    file = models.FileField(upload_to=part_path, max_length=200)

    class Meta:
        ordering = ["offset"]
        constraints = [
            models.UniqueConstraint(fields=["upload", "offset"], name="video_upload_part_once"),
        ]

    def __str__(self) -> str:
        return f"{self.upload_id} {self.offset}"
