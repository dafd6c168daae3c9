"""A tag says whose it is, so that an index gives the words of a long history."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def fill(apps, schema_editor):
    """Take it from the photo."""
    Photo, PhotoTag = (apps.get_model("detector", name) for name in ("Photo", "PhotoTag"))
    owners = Photo.objects.filter(pk=models.OuterRef("photo"))
    PhotoTag.objects.update(owner=models.Subquery(owners.values("owner")[:1]))


class Migration(migrations.Migration):

    dependencies = [
        ('detector', '0013_roles_of_staff'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='phototag',
            name='tag_by_name',
        ),
        migrations.AddField(
            model_name='phototag',
            name='owner',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='phototag',
            name='owner',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='phototag',
            index=models.Index(fields=['owner', 'name', 'photo'], name='tag_by_owner'),
        ),
    ]
