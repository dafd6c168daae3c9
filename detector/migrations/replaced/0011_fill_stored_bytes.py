"""Photos from before their sizes were written down count towards the quota of bytes, too."""

from django.db import migrations

BATCH = 500


def fill(apps, schema_editor):
    """Ask the storage for the sizes; a file that is gone takes no room."""
    Photo = apps.get_model("detector", "Photo")
    unknown = Photo.objects.filter(stored_bytes=0).order_by("pk")
    photos = list(unknown[:BATCH])
    while photos:
        for photo in photos:
            photo.stored_bytes = sum(map(size, (photo.upload, photo.image, photo.thumbnail)))
        Photo.objects.bulk_update(photos, ["stored_bytes"])
        photos = list(unknown.filter(pk__gt=photos[-1].pk)[:BATCH])


def size(file):
    """Bytes of a stored file."""
    try:
        return file.size if file else 0
    except FileNotFoundError:
        return 0


class Migration(migrations.Migration):

    dependencies = [
        ('detector', '0010_analysis_owner_and_best_confidence'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
