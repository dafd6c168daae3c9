"""A key with which a program acts for its owner."""

from django.db import models
from knox.models import AbstractAuthToken

from detector.models.ids import new_id


class ApiToken(AbstractAuthToken):
    """Only a digest of the token is kept; `id` is how it may be spoken of."""

    id = models.UUIDField(unique=True, default=new_id, editable=False)
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return self.name
