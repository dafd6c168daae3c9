"""The rollups gain the model that read, the uncertain faces, the photos and the hours."""

import zoneinfo
from collections import Counter, defaultdict

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

EMOTIONS = [(name, name.title()) for name in ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")]
KNOWN = models.Q(("emotion__in", [name for name, _ in EMOTIONS]))


def count_anew(apps, schema_editor):
    """Count all photos: rows of the old rollup do not say which model read them."""
    Analysis, User = apps.get_model("detector", "Analysis"), apps.get_model("detector", "User")
    for owner in User.objects.filter(photos__isnull=False).distinct().iterator():
        zone = zoneinfo.ZoneInfo(owner.time_zone)
        tables = {"DailyPhotos": defaultdict(Counter), "DailyEmotion": defaultdict(Counter), "HourlyEmotion": defaultdict(Counter)}
        done = Analysis.objects.filter(photo__owner=owner, photo__deleted_at=None, status="done", superseded=False)
        for analysis in done.select_related("photo").prefetch_related("faces").iterator(500):
            moment, faces = analysis.photo.taken_at.astimezone(zone), list(analysis.faces.all())
            by, day = analysis.model_version_id, moment.date()
            tables["DailyPhotos"][("model_version_id", by), ("day", day)].update(
                photos=1, without_face=int(not faces)
            )
            for face in faces:
                what = ("model_version_id", by), ("emotion", face.emotion)
                tables["DailyEmotion"][*what, ("day", day)].update(
                    faces=1, uncertain=int(face.uncertain), confidence_sum=face.confidence
                )
                hour = ("weekday", moment.weekday()), ("hour", moment.hour)
                tables["HourlyEmotion"][*what, *hour].update(faces=1)
        for name, rows in tables.items():
            model = apps.get_model("detector", name)
            made = [model(owner=owner, **dict(key), **counts) for key, counts in rows.items()]
            model.objects.bulk_create(made, batch_size=500)


def counted(name, *fields, related, **options):
    """One rollup: whose, read by which model, and what it counts."""
    return migrations.CreateModel(
        name=name,
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            *fields,
            ("model_version", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="detector.modelversion")),
            ("owner", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name=related, to=settings.AUTH_USER_MODEL)),
        ],
        options=options,
    )


DAY = ("day", models.DateField(help_text="Of `Photo.taken_at`, in the owner's time zone."))
EMOTION = ("emotion", models.CharField(choices=EMOTIONS, max_length=8))


class Migration(migrations.Migration):

    dependencies = [
        ("detector", "0003_explanation"),
    ]

    operations = [
        migrations.DeleteModel("DailyEmotion"),
        counted(
            "DailyEmotion",
            DAY,
            EMOTION,
            ("faces", models.PositiveIntegerField()),
            ("uncertain", models.PositiveIntegerField()),
            ("confidence_sum", models.FloatField()),
            related="daily_emotions",
            ordering=["day", "emotion"],
            constraints=[
                models.UniqueConstraint(fields=["owner", "day", "model_version", "emotion"], name="daily_emotion_once"),
                models.CheckConstraint(condition=KNOWN, name="daily_emotion_known"),
                models.CheckConstraint(condition=models.Q(("uncertain__lte", models.F("faces"))), name="daily_emotion_part_of_whole"),
            ],
        ),
        counted(
            "DailyPhotos",
            DAY,
            ("photos", models.PositiveIntegerField()),
            ("without_face", models.PositiveIntegerField()),
            related="daily_photos",
            ordering=["day"],
            verbose_name_plural="daily photos",
            constraints=[
                models.UniqueConstraint(fields=["owner", "day", "model_version"], name="daily_photos_once"),
                models.CheckConstraint(condition=models.Q(("without_face__lte", models.F("photos"))), name="daily_photos_part_of_whole"),
            ],
        ),
        counted(
            "HourlyEmotion",
            ("weekday", models.PositiveSmallIntegerField(help_text="Monday is 0, in the owner's time zone.", validators=[django.core.validators.MaxValueValidator(6)])),
            ("hour", models.PositiveSmallIntegerField(validators=[django.core.validators.MaxValueValidator(23)])),
            EMOTION,
            ("faces", models.PositiveIntegerField()),
            related="hourly_emotions",
            ordering=["weekday", "hour", "emotion"],
            constraints=[
                models.UniqueConstraint(fields=["owner", "model_version", "weekday", "hour", "emotion"], name="hourly_emotion_once"),
                models.CheckConstraint(condition=models.Q(("hour__lte", 23), ("weekday__lte", 6)), name="hourly_emotion_in_a_week"),
                models.CheckConstraint(condition=KNOWN, name="hourly_emotion_known"),
            ],
        ),
        migrations.RemoveIndex(model_name="photo", name="photo_by_date"),
        migrations.AddIndex(model_name="photo", index=models.Index(fields=["owner", "taken_at", "id"], name="photo_by_date")),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(condition=models.Q(("felt_emotion", ""), _negated=True), fields=["owner", "-id"], name="photo_self_reports"),
        ),
        migrations.AddIndex(
            model_name="analysis",
            index=models.Index(
                condition=models.Q(models.Q(("status", "done"), _negated=True), ("superseded", False)),
                fields=["photo"],
                name="analysis_without_result",
            ),
        ),
        migrations.RunPython(count_anew, migrations.RunPython.noop),
    ]
