"""Videos, their segments, tracks, stills and corrections, and webhooks about them (decision 0033)."""

import detector.models.ids
import detector.models.video
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('detector', '0024_photo_text'),
    ]

    operations = [
        migrations.CreateModel(
            name='Video',
            fields=[
                ('id', models.UUIDField(default=detector.models.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('filename', models.CharField(help_text='As the owner called it.', max_length=255)),
                ('file', models.FileField(blank=True, max_length=200, upload_to=detector.models.video.video_path)),
                ('sha256', models.CharField(help_text='Of the file as received.', max_length=64)),
                ('stored_bytes', models.PositiveBigIntegerField(default=0, help_text='Of all its files.')),
                ('format', models.CharField(max_length=8)),
                ('codec', models.CharField(max_length=16)),
                ('duration', models.FloatField(help_text='Seconds, by the timestamps of its frames.')),
                ('frame_rate', models.FloatField(help_text='Frames per second in the file.')),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('rate', models.FloatField(help_text='Frames per second that are analysed.')),
                ('uploaded_at', models.DateTimeField()),
                ('status', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=8)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('error_code', models.CharField(blank=True, max_length=50)),
                ('error_message', models.CharField(blank=True, max_length=500)),
                ('frame_count', models.PositiveIntegerField(default=0, help_text='Frames that were analysed.')),
                ('seconds_with_face', models.FloatField(default=0.0)),
                ('deleted_at', models.DateTimeField(blank=True, help_text='In the bin since.', null=True)),
                ('model_version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='videos', to='detector.modelversion')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='videos', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'abstract': False,
                'indexes': [
                    models.Index(fields=['owner', '-id'], name='video_history'),
                    models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['deleted_at'], name='video_trash'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('owner', 'sha256'), name='video_once_an_owner'),
                    models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'done', 'failed'])), name='video_status_known'),
                    models.CheckConstraint(condition=models.Q(('duration__gt', 0), ('height__gt', 0), ('rate__gt', 0), ('width__gt', 0)), name='video_has_extent'),
                    models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('status__in', ['done', 'failed'])), models.Q(('finished_at__isnull', True), ('status__in', ['queued', 'running'])), _connector='OR'), name='video_finished_when_ended'),
                    models.CheckConstraint(condition=models.Q(models.Q(('status', 'failed'), models.Q(('error_code', ''), _negated=True)), models.Q(models.Q(('status', 'failed'), _negated=True), ('error_code', '')), _connector='OR'), name='video_error_when_failed'),
                    models.CheckConstraint(condition=models.Q(models.Q(('status', 'done'), _negated=True), ('model_version__isnull', False), _connector='OR'), name='video_done_names_model'),
                    models.CheckConstraint(condition=models.Q(models.Q(('file', ''), _negated=True), ('status__in', ['done', 'failed']), _connector='OR'), name='video_has_a_file_until_ended'),
                ],
            },
        ),
        migrations.CreateModel(
            name='VideoSegment',
            fields=[
                ('id', models.UUIDField(default=detector.models.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('index', models.PositiveIntegerField()),
                ('start', models.FloatField()),
                ('end', models.FloatField()),
                ('status', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=8)),
                ('turn', models.PositiveBigIntegerField(default=0)),
                ('attempt', models.PositiveSmallIntegerField(default=0)),
                ('lease_expires_at', models.DateTimeField(blank=True, null=True)),
                ('queued_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('observations', models.JSONField(blank=True, default=list)),
                ('cuts', models.JSONField(blank=True, default=list)),
                ('tracks', models.JSONField(blank=True, default=list)),
                ('pictures', models.JSONField(blank=True, default=list)),
                ('video', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='segments', to='detector.video')),
            ],
            options={
                'ordering': ['index'],
                'abstract': False,
                'indexes': [
                    models.Index(condition=models.Q(('status', 'queued')), fields=['turn', 'id'], name='video_segment_waiting'),
                    models.Index(condition=models.Q(('status', 'running')), fields=['lease_expires_at'], name='video_segment_leased'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('video', 'index'), name='video_segment_once'),
                    models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'done', 'failed'])), name='video_segment_status_known'),
                    models.CheckConstraint(condition=models.Q(models.Q(('lease_expires_at__isnull', False), ('status', 'running')), models.Q(models.Q(('status', 'running'), _negated=True), ('lease_expires_at__isnull', True)), _connector='OR'), name='video_segment_lease_while_running'),
                    models.CheckConstraint(condition=models.Q(('end__gt', models.F('start')), ('start__gte', 0)), name='video_segment_span'),
                ],
            },
        ),
        migrations.CreateModel(
            name='VideoTrack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('index', models.PositiveIntegerField()),
                ('start', models.FloatField()),
                ('end', models.FloatField()),
                ('sightings', models.PositiveIntegerField()),
                ('emotion', models.CharField(choices=[('angry', 'Angry'), ('disgust', 'Disgust'), ('fear', 'Fear'), ('happy', 'Happy'), ('sad', 'Sad'), ('surprise', 'Surprise'), ('neutral', 'Neutral')], help_text='The one that lasts the longest.', max_length=8)),
                ('summary', models.JSONField(default=dict)),
                ('video', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tracks', to='detector.video')),
            ],
            options={
                'ordering': ['index'],
                'constraints': [
                    models.UniqueConstraint(fields=('video', 'index'), name='video_track_once'),
                    models.CheckConstraint(condition=models.Q(('emotion__in', ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'])), name='video_track_emotion_known'),
                ],
            },
        ),
        migrations.CreateModel(
            name='VideoCorrection',
            fields=[
                ('id', models.UUIDField(default=detector.models.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('start', models.FloatField()),
                ('end', models.FloatField()),
                ('emotion', models.CharField(blank=True, choices=[('angry', 'Angry'), ('disgust', 'Disgust'), ('fear', 'Fear'), ('happy', 'Happy'), ('sad', 'Sad'), ('surprise', 'Surprise'), ('neutral', 'Neutral')], max_length=8)),
                ('created_at', models.DateTimeField()),
                ('track', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='corrections', to='detector.videotrack')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('end__gt', models.F('start')), ('start__gte', 0)), name='video_correction_span'),
                    models.CheckConstraint(condition=models.Q(('emotion', ''), ('emotion__in', ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral']), _connector='OR'), name='video_correction_emotion_known'),
                ],
            },
        ),
        migrations.CreateModel(
            name='VideoStill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('time', models.FloatField()),
                ('emotion', models.CharField(blank=True, choices=[('angry', 'Angry'), ('disgust', 'Disgust'), ('fear', 'Fear'), ('happy', 'Happy'), ('sad', 'Sad'), ('surprise', 'Surprise'), ('neutral', 'Neutral')], max_length=8)),
                ('confidence', models.FloatField(blank=True, null=True)),
                ('picture', models.FileField(max_length=200, upload_to=detector.models.video.still_path)),
                ('video', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stills', to='detector.video')),
                ('track', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='stills', to='detector.videotrack')),
            ],
            options={
                'ordering': ['time', 'id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='webhookdelivery',
            name='webhook_delivery_event_known',
        ),
        migrations.AlterField(
            model_name='webhookdelivery',
            name='event',
            field=models.CharField(choices=[('analysis.done', 'Analysis Done'), ('analysis.failed', 'Analysis Failed'), ('review.created', 'Review Created'), ('video.done', 'Video Done'), ('video.failed', 'Video Failed')], max_length=20),
        ),
        migrations.AlterField(
            model_name='webhookdelivery',
            name='photo',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='detector.photo'),
        ),
        migrations.AlterField(
            model_name='webhookdelivery',
            name='subject',
            field=models.UUIDField(help_text='The analysis, review or video that it tells of.'),
        ),
        migrations.AddField(
            model_name='webhookdelivery',
            name='video',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='detector.video'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.CheckConstraint(condition=models.Q(('event__in', ['analysis.done', 'analysis.failed', 'review.created', 'video.done', 'video.failed'])), name='webhook_delivery_event_known'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.CheckConstraint(condition=models.Q(('photo__isnull', True), ('video__isnull', True), _connector='XOR'), name='webhook_delivery_of_photo_or_video'),
        ),
    ]
