"""Few rows among many: what waits or has failed, and what is in the bin, have indexes of their own."""

from django.db import migrations
from django.db.models import Index, Q


class Migration(migrations.Migration):
    dependencies = [("detector", "0031_best_confidence_without_dismissed")]

    operations = [
        migrations.RemoveIndex("analysis", "analysis_without_result"),
        migrations.AddIndex(
            "analysis",
            Index(
                fields=["owner", "status", "-photo"],
                condition=~Q(status="done") & Q(superseded=False),
                name="analysis_without_result",
            ),
        ),
        migrations.AddIndex(
            "analysis",
            Index(
                fields=["owner", "status", "-id"],
                condition=~Q(status="done") & Q(superseded=False),
                name="analysis_without_result_by_id",
            ),
        ),
        migrations.AddIndex(
            "photo",
            Index(
                fields=["owner", "-deleted_at"],
                condition=Q(deleted_at__isnull=False),
                name="photo_trash",
            ),
        ),
    ]
