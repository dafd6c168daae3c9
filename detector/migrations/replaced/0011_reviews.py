"""What people make of faces: consent, queue, verdicts, and what is shown because of them."""

import detector.models.ids
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('detector', '0010_analysis_owner_and_best_confidence'),
    ]

    operations = [
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.UUIDField(default=detector.models.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('owner', 'Owner'), ('reviewer', 'Reviewer')], max_length=8)),
                ('verdict', models.CharField(choices=[('angry', 'Angry'), ('disgust', 'Disgust'), ('fear', 'Fear'), ('happy', 'Happy'), ('sad', 'Sad'), ('surprise', 'Surprise'), ('neutral', 'Neutral'), ('not_a_face', 'Not a face'), ('cannot_tell', 'Cannot tell')], max_length=11)),
                ('comment', models.TextField(blank=True, max_length=500)),
                ('seconds', models.FloatField(blank=True, help_text='From the sight of the face to the verdict, where it was measured.', null=True, validators=[django.core.validators.MinValueValidator(0.0)])),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ReviewCase',
            fields=[
                ('id', models.UUIDField(default=detector.models.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('open', 'Open'), ('settled', 'Settled')], default='open', max_length=7)),
                ('wanted', models.PositiveSmallIntegerField(default=1)),
                ('usefulness', models.FloatField(default=0.0)),
                ('claimed_until', models.DateTimeField(blank=True, null=True)),
                ('final_verdict', models.CharField(blank=True, choices=[('angry', 'Angry'), ('disgust', 'Disgust'), ('fear', 'Fear'), ('happy', 'Happy'), ('sad', 'Sad'), ('surprise', 'Surprise'), ('neutral', 'Neutral'), ('not_a_face', 'Not a face'), ('cannot_tell', 'Cannot tell')], max_length=11)),
                ('created_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-usefulness', 'id'],
                'permissions': [('review_faces', 'Can review faces')],
            },
        ),
        migrations.RemoveConstraint(
            model_name='dailyemotion',
            name='daily_emotion_part_of_whole',
        ),
        migrations.RemoveIndex(
            model_name='face',
            name='face_by_emotion',
        ),
        migrations.AddField(
            model_name='dailyemotion',
            name='corrected',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='face',
            name='reviewed_emotion',
            field=models.CharField(blank=True, choices=[('angry', 'Angry'), ('disgust', 'Disgust'), ('fear', 'Fear'), ('happy', 'Happy'), ('sad', 'Sad'), ('surprise', 'Surprise'), ('neutral', 'Neutral'), ('not_a_face', 'Not a face'), ('cannot_tell', 'Cannot tell')], max_length=11),
        ),
        migrations.AddField(
            model_name='face',
            name='effective_emotion',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(reviewed_emotion='not_a_face', then=models.Value('')), models.When(reviewed_emotion__in=['', 'cannot_tell'], then=models.F('emotion')), default=models.F('reviewed_emotion')), output_field=models.CharField(max_length=11)),
        ),
        migrations.AddField(
            model_name='photo',
            name='batch',
            field=models.UUIDField(blank=True, help_text='The upload it came with.', null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='review_consent_version',
            field=models.CharField(blank=True, max_length=16),
        ),
        migrations.AddField(
            model_name='user',
            name='review_consented_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='face',
            index=models.Index(fields=['effective_emotion', 'analysis'], name='face_by_emotion'),
        ),
        migrations.AddIndex(
            model_name='photo',
            index=models.Index(fields=['batch'], name='photo_batch'),
        ),
        migrations.AddConstraint(
            model_name='dailyemotion',
            constraint=models.CheckConstraint(condition=models.Q(('corrected__lte', models.F('faces')), ('uncertain__lte', models.F('faces'))), name='daily_emotion_part_of_whole'),
        ),
        migrations.AddConstraint(
            model_name='face',
            constraint=models.CheckConstraint(condition=models.Q(('reviewed_emotion', ''), ('reviewed_emotion__in', ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral', 'not_a_face', 'cannot_tell']), _connector='OR'), name='face_reviewed_emotion_known'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('review_consent_version', ''), ('review_consented_at', None)), models.Q(models.Q(('review_consent_version', ''), _negated=True), ('review_consented_at__isnull', False)), _connector='OR'), name='user_review_consent_has_version_and_time'),
        ),
        migrations.AddField(
            model_name='review',
            name='face',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='detector.face'),
        ),
        migrations.AddField(
            model_name='review',
            name='reviewer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='reviews', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reviewcase',
            name='claimed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='claimed_cases', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reviewcase',
            name='face',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='review_case', to='detector.face'),
        ),
        migrations.AddField(
            model_name='reviewcase',
            name='skipped_by',
            field=models.ManyToManyField(blank=True, related_name='skipped_cases', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(fields=['reviewer', '-id'], name='review_of_a_reviewer'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.UniqueConstraint(fields=('face', 'reviewer'), name='review_once_a_person'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'owner')), fields=('face',), name='review_one_of_the_owner'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['owner', 'reviewer'])), name='review_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('verdict__in', ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral', 'not_a_face', 'cannot_tell'])), name='review_verdict_known'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('seconds', None), ('seconds__gte', 0), _connector='OR'), name='review_seconds_not_negative'),
        ),
        migrations.AddIndex(
            model_name='reviewcase',
            index=models.Index(models.OrderBy(models.F('usefulness'), descending=True), models.F('id'), condition=models.Q(('status', 'open')), name='review_case_queue'),
        ),
        migrations.AddConstraint(
            model_name='reviewcase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('final_verdict', ''), ('settled_at', None), ('status', 'open')), models.Q(('claimed_by', None), ('claimed_until', None), ('final_verdict__in', ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral', 'not_a_face', 'cannot_tell']), ('settled_at__isnull', False), ('status', 'settled')), _connector='OR'), name='review_case_settled_has_verdict'),
        ),
        migrations.AddConstraint(
            model_name='reviewcase',
            constraint=models.CheckConstraint(condition=models.Q(('wanted__gte', 1), ('wanted__lte', 3)), name='review_case_wants_up_to_three'),
        ),
        migrations.AddConstraint(
            model_name='reviewcase',
            constraint=models.CheckConstraint(condition=models.Q(('claimed_by', None), models.Q(('claimed_until', None), _negated=True), _connector='OR'), name='review_case_claim_ends'),
        ),
    ]
