"""The index of a history has the dates of its photos, too."""

from django.db import migrations
from django.db.models import Index


class Migration(migrations.Migration):
    dependencies = [("detector", "0025_videos")]

    operations = [
        migrations.AddIndex(
            "photo", Index(fields=["owner", "-id", "taken_at"], name="photo_history_dates")
        ),
        migrations.RemoveIndex("photo", "photo_history"),
    ]
