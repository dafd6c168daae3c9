"""Photos and videos of which only the result is kept."""

from django.db import migrations, models

from detector.models import photo_text_triggers


def drop_triggers(apps, schema_editor):
    """Drop the triggers of photos: SQLite makes the table anew, and forgets them."""
    if schema_editor.connection.vendor == "sqlite":
        photo_text_triggers.drop(schema_editor)


def create_triggers(apps, schema_editor):
    """Undo `drop_triggers`. The table of texts and its index were left alone."""
    if schema_editor.connection.vendor == "sqlite":
        photo_text_triggers.create(schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ('detector', '0029_uploads_and_panels_of_videos'),
    ]

    operations = [
        migrations.RunPython(drop_triggers, create_triggers),
        migrations.RemoveConstraint(
            model_name='photo',
            name='photo_has_a_file',
        ),
        migrations.AddField(
            model_name='photo',
            name='forget',
            field=models.BooleanField(db_default=False, default=False, help_text='Delete the picture once it was analysed.'),
        ),
        migrations.AddField(
            model_name='photo',
            name='forgotten_at',
            field=models.DateTimeField(blank=True, help_text='When the picture was deleted.', null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='forget_pictures',
            field=models.BooleanField(db_default=False, default=False, help_text='Keep results only: pictures are deleted once they were analysed.'),
        ),
        migrations.AddField(
            model_name='video',
            name='forget',
            field=models.BooleanField(db_default=False, default=False, help_text='Delete the file once it was analysed.'),
        ),
        migrations.AddField(
            model_name='videoupload',
            name='forget',
            field=models.BooleanField(blank=True, help_text='Keep the timeline alone; none: as the owner prefers.', null=True),
        ),
        migrations.AddConstraint(
            model_name='photo',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('forgotten_at', None), models.Q(models.Q(('upload', ''), _negated=True), models.Q(('image', ''), _negated=True), _connector='OR')), models.Q(('forgotten_at__isnull', False), ('image', ''), ('thumbnail', ''), ('upload', '')), _connector='OR'), name='photo_has_a_file_until_forgotten'),
        ),
        migrations.RunPython(create_triggers, drop_triggers),
    ]
