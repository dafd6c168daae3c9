"""Photos and their tags."""

import secrets
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from detector.enums import Emotion, Source
from detector.models.constraints import allows_only
from detector.models.row import Row


def private_path(folder: str, suffix: str) -> str:
    """Return a random path that cannot be guessed. Subfolders keep folders small."""
    name = secrets.token_hex(16)
    return f"{folder}/{name[:2]}/{name}{suffix}"


def upload_path(_photo: "Photo", _filename: str) -> str:
    """Return a new path for an original upload, which is kept until its first analysis."""
    return private_path("uploads", "")


def image_path(_photo: "Photo", _filename: str) -> str:
    """Return a new path for the upright copy."""
    return private_path("images", ".jpg")


def thumbnail_path(_photo: "Photo", _filename: str) -> str:
    """Return a new path for the thumbnail."""
    return private_path("thumbnails", ".jpg")


class Photo(Row):
    """A photo of one owner.

    `upload` is the file as received. The first analysis replaces it by `image`, the upright copy
    without metadata, and `thumbnail`. `width` and `height` are those of the upright image, `frame`
    is the number of the frame in an animation. Photos of one upload share a `batch`. `taken_at` is
    the capture time where the file tells it, else the upload time. A photo with `deleted_at` is in
    the trash: it is hidden and can be restored. Of one with `forget`, only the result is kept: it
    gets no copies, and the upload is deleted when its analysis ends, at `forgotten_at`.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="photos"
    )
    filename = models.CharField(max_length=255, help_text="As the owner called it.")
    upload = models.FileField(upload_to=upload_path, blank=True, max_length=200)
    image = models.FileField(upload_to=image_path, blank=True, max_length=200)
    thumbnail = models.FileField(upload_to=thumbnail_path, blank=True, max_length=200)
    sha256 = models.CharField(max_length=64, help_text="Of the file as received.")
    stored_bytes = models.PositiveBigIntegerField(default=0, help_text="Of all its files.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    format = models.CharField(max_length=8)
    frame = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of the file's frames or pages, from 0; none of a still."
    )
    captured_at = models.DateTimeField(null=True, blank=True)
    uploaded_at = models.DateTimeField()
    taken_at = models.DateTimeField()
    source = models.CharField(max_length=8, choices=Source)
    note = models.TextField(blank=True, max_length=2000)
    felt_emotion = models.CharField(max_length=8, choices=Emotion, blank=True)
    batch = models.UUIDField(null=True, blank=True, help_text="The upload it came with.")
    is_demo = models.BooleanField(default=False, help_text="Made up by `seed_demo`.")
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="In the bin since.")
    forget = models.BooleanField(
        default=False, db_default=False, help_text="Delete the picture once it was analysed."
    )
    forgotten_at = models.DateTimeField(
        null=True, blank=True, help_text="When the picture was deleted."
    )

    class Meta(Row.Meta):
        constraints = [
            models.UniqueConstraint(fields=["owner", "sha256"], name="photo_once_an_owner"),
            models.CheckConstraint(
                condition=Q(width__gt=0, height__gt=0), name="photo_size_positive"
            ),
            models.CheckConstraint(
                # No camera is older, and Python cannot convert the year 1 to every zone.
                condition=Q(taken_at__gte=datetime(1899, 12, 30, tzinfo=UTC)),
                name="photo_taken_in_our_times",
            ),
            models.CheckConstraint(
                condition=Q(forgotten_at=None) & (~Q(upload="") | ~Q(image=""))
                | Q(forgotten_at__isnull=False, upload="", image="", thumbnail=""),
                name="photo_has_a_file_until_forgotten",
            ),
            models.CheckConstraint(
                condition=Q(felt_emotion="") | Q(felt_emotion__in=Emotion.values),
                name="photo_felt_emotion_known",
            ),
            allows_only("source", Source, name="photo_source_known"),
        ]
        indexes = [
            # With the date, so that photos of other dates are passed over in the index alone.
            models.Index(fields=["owner", "-id", "taken_at"], name="photo_history_dates"),
            models.Index(fields=["owner", "taken_at", "id"], name="photo_by_date"),
            models.Index(
                fields=["owner", "-id"], condition=~Q(felt_emotion=""), name="photo_self_reports"
            ),
            models.Index(fields=["owner"], condition=Q(is_demo=True), name="photo_made_up"),
            models.Index(
                fields=["owner", "-deleted_at"],
                condition=Q(deleted_at__isnull=False),
                name="photo_trash",
            ),
            models.Index(fields=["batch"], name="photo_batch"),
            # For search and date filters of the administration.
            models.Index(fields=["uploaded_at"], name="photo_by_upload"),
            models.Index(fields=["filename"], name="photo_by_filename"),
            models.Index(fields=["sha256"], name="photo_by_checksum"),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def files(self) -> list[Any]:
        """All stored files of the photo."""
        return [file for file in (self.upload, self.image, self.thumbnail) if file]


class PhotoTag(models.Model):
    """A tag on a photo.

    `owner` is the photo's, denormalised so that an index can list the tags of a long history.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["photo", "name"], name="tag_once_a_photo"),
        ]
        indexes = [models.Index(fields=["owner", "name", "photo"], name="tag_by_owner")]

    def __str__(self) -> str:
        return self.name
