"""The base of tables whose rows are ordered by the time of their creation."""

from django.db import models

from detector.models.ids import new_id


class Row(models.Model):
    """A row whose id holds the time of its creation; the newest come first."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True
        ordering = ["-id"]
