"""Each waiting analysis has a turn, so that owners take turns (decision 0031)."""

from django.db import migrations, models
from django.db.models import CheckConstraint, Index, Q


class Migration(migrations.Migration):
    dependencies = [("detector", "0001_squashed_0022_whole_schema")]

    operations = [
        migrations.RemoveIndex("analysis", "analysis_waiting"),
        migrations.AddField(
            "analysis",
            "priority",
            models.PositiveSmallIntegerField(choices=[(0, "Single"), (1, "Batch")], db_default=0, default=0),
        ),
        migrations.AddField("analysis", "turn", models.PositiveBigIntegerField(db_default=0, default=0)),
        migrations.AddIndex(
            "analysis",
            Index(fields=["turn", "priority", "id"], condition=Q(status="queued"), name="analysis_waiting"),
        ),
        migrations.AddIndex("analysis", Index(fields=["owner", "priority", "turn"], name="analysis_line")),
        migrations.AddConstraint(
            "analysis", CheckConstraint(condition=Q(priority__in=[0, 1]), name="analysis_priority_known")
        ),
    ]
