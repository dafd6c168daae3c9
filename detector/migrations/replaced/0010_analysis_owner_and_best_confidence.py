"""An analysis says whose it is and how sure, so that pages of a long history come from an index."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Coalesce


def fill(apps, schema_editor):
    """Take both from the photo and from the faces."""
    Analysis, Face, Photo = (apps.get_model("detector", name) for name in ("Analysis", "Face", "Photo"))
    owners = Photo.objects.filter(pk=models.OuterRef("photo"))
    faces = Face.objects.filter(analysis=models.OuterRef("pk")).order_by("-confidence")
    best = models.Subquery(faces.values("confidence")[:1])
    Analysis.objects.update(
        owner=models.Subquery(owners.values("owner")[:1]), best_confidence=Coalesce(best, 0.0)
    )


class Migration(migrations.Migration):

    dependencies = [
        ('detector', '0009_account_preferences_and_consent'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='analysis',
            name='analysis_without_result',
        ),
        migrations.AddField(
            model_name='analysis',
            name='best_confidence',
            field=models.FloatField(default=0.0, help_text='Of the surest face; 0 without a face.'),
        ),
        migrations.AddField(
            model_name='analysis',
            name='owner',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='analyses', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='analysis',
            name='owner',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='analyses', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='analysis',
            index=models.Index(fields=['owner', '-id'], name='analysis_by_owner'),
        ),
        migrations.AddIndex(
            model_name='analysis',
            index=models.Index(condition=models.Q(('superseded', False)), fields=['owner', '-photo'], name='analysis_history'),
        ),
        migrations.AddIndex(
            model_name='analysis',
            index=models.Index(condition=models.Q(('superseded', False)), fields=['owner', 'best_confidence', 'photo'], name='analysis_by_confidence'),
        ),
        migrations.AddIndex(
            model_name='analysis',
            index=models.Index(condition=models.Q(models.Q(('status', 'done'), _negated=True), ('superseded', False)), fields=['owner'], name='analysis_without_result'),
        ),
        migrations.AddConstraint(
            model_name='analysis',
            constraint=models.CheckConstraint(condition=models.Q(('best_confidence__gte', 0), ('best_confidence__lte', 1)), name='analysis_confidence_unit'),
        ),
    ]
