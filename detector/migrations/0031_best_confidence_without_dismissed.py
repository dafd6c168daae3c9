"""A face that people dismissed no longer decides where its photo stands among the confident ones."""

from django.db import migrations, models
from django.db.models import Exists, Max, OuterRef


def find_best_anew(apps, schema_editor):
    """Count the faces that were not dismissed, in analyses with one that was."""
    Analysis, Face = (apps.get_model("detector", name) for name in ("Analysis", "Face"))
    dismissed = Face.objects.filter(analysis=OuterRef("pk"), reviewed_emotion="not_a_face")
    for key in list(Analysis.objects.filter(Exists(dismissed)).values_list("pk", flat=True)):
        counted = Face.objects.filter(analysis=key).exclude(reviewed_emotion="not_a_face")
        best = counted.aggregate(best=Max("confidence", default=0.0))["best"]
        Analysis.objects.filter(pk=key).update(best_confidence=best)


class Migration(migrations.Migration):

    dependencies = [
        ("detector", "0030_analyse_and_forget"),
    ]

    operations = [
        migrations.AlterField(
            model_name="analysis",
            name="best_confidence",
            field=models.FloatField(default=0.0, help_text="Of the surest face that counts; 0 without one."),
        ),
        migrations.RunPython(find_best_anew, migrations.RunPython.noop, elidable=True),
    ]
