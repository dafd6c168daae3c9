"""A picture that a person uploaded."""

import secrets
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from detector.enums import Emotion, Source
from detector.models.ids import new_id


def private_path(folder: str, suffix: str) -> str:
    """A name that tells nothing and cannot be guessed; two levels keep folders small."""
    name = secrets.token_hex(16)
    return f"{folder}/{name[:2]}/{name}{suffix}"


def upload_path(_photo: "Photo", _filename: str) -> str:
    """Where the file as received waits for its analysis."""
    return private_path("uploads", "")


def image_path(_photo: "Photo", _filename: str) -> str:
    """Where the upright copy is kept."""
    return private_path("images", ".jpg")


def thumbnail_path(_photo: "Photo", _filename: str) -> str:
    """Where the small copy is kept."""
    return private_path("thumbnails", ".jpg")


class Photo(models.Model):
    """A photo of one owner.

    `upload` is the file as received; the first analysis turns it into `image`, the upright copy
    without metadata, and `thumbnail`, and drops it. `width` and `height` are of the upright
    image, and `frame` tells which frame of an animation it is. Photos of one upload share a
    `batch`. `taken_at` is the capture time where the file tells it, else the upload time. With
    `deleted_at` it is in the bin: nobody sees it, and it can still be brought back.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
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

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "sha256"], name="photo_once_an_owner"),
            models.CheckConstraint(
                condition=Q(width__gt=0, height__gt=0), name="photo_size_positive"
            ),
            models.CheckConstraint(
                # No camera is older, and the calendar's first days exist in no other zone.
                condition=Q(taken_at__gte=datetime(1899, 12, 30, tzinfo=UTC)),
                name="photo_taken_in_our_times",
            ),
            models.CheckConstraint(condition=~Q(upload="") | ~Q(image=""), name="photo_has_a_file"),
            models.CheckConstraint(
                condition=Q(felt_emotion="") | Q(felt_emotion__in=Emotion.values),
                name="photo_felt_emotion_known",
            ),
            models.CheckConstraint(
                condition=Q(source__in=Source.values), name="photo_source_known"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="photo_history"),
            models.Index(fields=["owner", "taken_at", "id"], name="photo_by_date"),
            models.Index(
                fields=["owner", "-id"], condition=~Q(felt_emotion=""), name="photo_self_reports"
            ),
            models.Index(fields=["owner"], condition=Q(is_demo=True), name="photo_made_up"),
            models.Index(fields=["batch"], name="photo_batch"),
            # What the administration finds photos by, and where its dates begin and end.
            models.Index(fields=["uploaded_at"], name="photo_by_upload"),
            models.Index(fields=["filename"], name="photo_by_filename"),
            models.Index(fields=["sha256"], name="photo_by_checksum"),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def files(self) -> list[Any]:
        """The stored files, for whoever has to remove them."""
        return [file for file in (self.upload, self.image, self.thumbnail) if file]


class PhotoTag(models.Model):
    """A word that the owner put on a photo.

    `owner` is the photo's, said here once more, so that an index gives the words of a long history.
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
