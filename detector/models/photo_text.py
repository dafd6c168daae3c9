"""The searchable words of photos."""

from django.conf import settings
from django.db import models

from detector.models.photo import Photo


class PhotoText(models.Model):
    """File name, note and tags of a photo as one text, which an index of trigrams can serve.

    Triggers of the database write it (`photo_text_triggers`); code only reads it.
    """

    photo = models.OneToOneField(Photo, on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    text = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["owner"], name="photo_text_by_owner")]

    def __str__(self) -> str:
        return self.text
