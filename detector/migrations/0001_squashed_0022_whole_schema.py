"""All tables, the triggers of the audit log and the roles of staff, as of 26 November 2026.

It stands for the 27 migrations that led there (see decision 0024). Like any migration it is never
edited: a change of a model is a migration after it.
"""

from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import UserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint
from django.utils import timezone

from detector.models import audit_triggers
from detector.models.explanation import picture_path
from detector.models.ids import new_id
from detector.models.photo import image_path, thumbnail_path, upload_path
from detector.models.user import validate_time_zone
from detector.models.webhook import new_secret


def choices(*values):
    """Values with labels as Django makes them of their names."""
    return [(value, value.replace(".", " ").title()) for value in values]


def values(choices):
    """The values of choices, for constraints."""
    return [value for value, _ in choices]


EMOTIONS = choices("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
VERDICTS = [*EMOTIONS, ("not_a_face", "Not a face"), ("cannot_tell", "Cannot tell")]
DATE_LANGUAGES = [
    ("en-gb", "English"), ("en", "English (United States)"), ("da", "Dansk"), ("de", "Deutsch"), ("es", "Español"),
    ("fr", "Français"), ("it", "Italiano"), ("nl", "Nederlands"), ("pl", "Polski"), ("pt", "Português"),
    ("sv", "Svenska"), ("ja", "日本語"),
]  # fmt: skip

# Groups that can be given to people in the administration, and what each may do.
ROLES = {
    "reviewer": ["review_faces"],
    "auditor": ["view_auditentry"],
    "operator": [
        "view_analysis", "change_analysis",
        "view_apitoken", "delete_apitoken",
        "view_dailyemotion", "view_face",
        "view_finetune", "add_finetune",
        "view_modelversion", "change_modelversion",
        "view_photo", "delete_photo",
        "view_reanalysis", "add_reanalysis", "view_reviewedexport",
        "view_user", "change_user", "delete_user",
        "view_webhookdelivery", "view_webhookendpoint", "change_webhookendpoint",
        "view_workerheartbeat",
    ],
}  # fmt: skip


def public_id():
    """A key that may leave the system."""
    return models.UUIDField(primary_key=True, default=new_id, editable=False, serialize=False)


def row_number():
    """A key that does not."""
    return models.BigAutoField(primary_key=True, auto_created=True, serialize=False, verbose_name="ID")


def unit_float():
    """A number from 0 to 1."""
    return models.FloatField(validators=[MinValueValidator(0.0), MaxValueValidator(1.0)])


def make_audit_log_final(apps, schema_editor):
    """Have the database refuse changes of the log."""
    audit_triggers.create(schema_editor)


def let_audit_log_change(apps, schema_editor):
    """Have it refuse none, so that the table can go."""
    audit_triggers.drop(schema_editor)


def make_roles(apps, schema_editor):
    """Make the groups. Django makes permissions after all migrations, so here it is told to."""
    detector = apps.get_app_config("detector")
    detector.models_module = True
    create_permissions(detector, apps=apps, verbosity=0, using=schema_editor.connection.alias)
    detector.models_module = None
    permissions = apps.get_model("auth", "Permission").objects
    for role, codenames in ROLES.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        found = permissions.filter(content_type__app_label="detector", codename__in=codenames)
        group.permissions.add(*found)


def remove_roles(apps, schema_editor):
    """Take the groups away; the permissions are Django's."""
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("detector", "0001_initial"),
        ("detector", "0002_current_analysis_and_bin"),
        ("detector", "0003_explanation"),
        ("detector", "0004_rollups_by_model"),
        ("detector", "0005_token_scopes"),
        ("detector", "0006_idempotent_calls"),
        ("detector", "0007_photo_stored_bytes"),
        ("detector", "0008_webhooks"),
        ("detector", "0009_account_preferences_and_consent"),
        ("detector", "0010_analysis_owner_and_best_confidence"),
        ("detector", "0011_audit_log"),
        ("detector", "0011_fill_stored_bytes"),
        ("detector", "0011_index_of_made_up_photos"),
        ("detector", "0011_reanalysis_and_reviewed_export"),
        ("detector", "0011_reviews"),
        ("detector", "0012_audit_log_is_final"),
        ("detector", "0012_which_version_serves"),
        ("detector", "0013_roles_of_staff"),
        ("detector", "0014_tag_says_whose"),
        ("detector", "0015_what_staff_look_for"),
        ("detector", "0016_fine_tunes_and_shadows"),
        ("detector", "0017_what_outlives_no_photo"),
        ("detector", "0018_ids_instead_of_answers"),
        ("detector", "0019_answers_are_not_kept"),
        ("detector", "0020_webhook_places"),
        ("detector", "0021_photo_frame"),
        ("detector", "0022_what_a_worker_took"),
    ]
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(verbose_name="password", max_length=128)),
                ("last_login", models.DateTimeField(verbose_name="last login", blank=True, null=True)),
                (
                    "is_superuser",
                    models.BooleanField(
                        verbose_name="superuser status",
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        verbose_name="username",
                        max_length=150,
                        unique=True,
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        validators=[UnicodeUsernameValidator()],
                        error_messages={"unique": "A user with that username already exists."},
                    ),
                ),
                ("first_name", models.CharField(verbose_name="first name", max_length=150, blank=True)),
                ("last_name", models.CharField(verbose_name="last name", max_length=150, blank=True)),
                (
                    "is_staff",
                    models.BooleanField(
                        verbose_name="staff status", default=False, help_text="Designates whether the user can log into this admin site."
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        verbose_name="active",
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                    ),
                ),
                ("date_joined", models.DateTimeField(verbose_name="date joined", default=timezone.now)),
                ("id", public_id()),
                ("email", models.EmailField(verbose_name="email address", max_length=254, blank=True, db_index=True)),
                ("time_zone", models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])),
                (
                    "theme",
                    models.CharField(
                        max_length=8, default="system", choices=[("system", "As the device"), ("light", "Light"), ("dark", "Dark")]
                    ),
                ),
                ("date_language", models.CharField(max_length=8, default="en-gb", choices=DATE_LANGUAGES)),
                (
                    "keep_photos_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        choices=[(None, "For ever"), (30, "30 days"), (90, "90 days"), (365, "365 days")],
                        help_text="After their upload; none: for ever.",
                    ),
                ),
                ("consent_version", models.CharField(max_length=16, blank=True)),
                ("consented_at", models.DateTimeField(blank=True, null=True)),
                ("review_consent_version", models.CharField(max_length=16, blank=True)),
                ("review_consented_at", models.DateTimeField(blank=True, null=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        "auth.group",
                        verbose_name="groups",
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        "auth.permission",
                        verbose_name="user permissions",
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "abstract": False,
                "constraints": [
                    CheckConstraint(condition=Q(theme__in=["system", "light", "dark"]), name="user_theme_known"),
                    CheckConstraint(condition=Q(date_language__in=values(DATE_LANGUAGES)), name="user_date_language_known"),
                    CheckConstraint(
                        condition=Q(keep_photos_days=None) | Q(keep_photos_days__in=[30, 90, 365]), name="user_keep_photos_days_known"
                    ),
                    CheckConstraint(
                        condition=Q(consent_version="", consented_at=None) | (~Q(consent_version="") & Q(consented_at__isnull=False)),
                        name="user_consent_has_version_and_time",
                    ),
                    CheckConstraint(
                        condition=Q(review_consent_version="", review_consented_at=None)
                        | (~Q(review_consent_version="") & Q(review_consented_at__isnull=False)),
                        name="user_review_consent_has_version_and_time",
                    ),
                ],
                "indexes": [
                    Index(fields=["date_joined"], name="user_by_date"),
                ],
            },
            managers=[("objects", UserManager())],
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("digest", models.CharField(primary_key=True, max_length=128, serialize=False)),
                ("token_key", models.CharField(max_length=25, db_index=True)),
                ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="auth_token_set")),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("expiry", models.DateTimeField(blank=True, null=True)),
                ("id", models.UUIDField(unique=True, default=new_id, editable=False)),
                ("name", models.CharField(max_length=100)),
                ("can_read", models.BooleanField(default=True)),
                ("can_write", models.BooleanField(default=True)),
                ("can_review", models.BooleanField(default=False)),
                ("last_used_at", models.DateTimeField(blank=True, null=True, help_text="To the minute.")),
            ],
            options={
                "ordering": ["-created"],
                "constraints": [
                    CheckConstraint(condition=Q(can_read=True) | Q(can_write=True) | Q(can_review=True), name="api_token_has_a_scope"),
                ],
                "indexes": [
                    Index(fields=["-created"], name="api_token_by_date"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelVersion",
            fields=[
                ("id", public_id()),
                ("name", models.CharField(max_length=50)),
                ("sha256", models.CharField(max_length=64, help_text="Of the serving weights.")),
                ("manifest", models.JSONField(default=dict)),
                ("status", models.CharField(max_length=9, default="candidate", choices=choices("candidate", "active", "retired"))),
                ("activated_at", models.DateTimeField(blank=True, null=True, help_text="When it last began to serve.")),
                (
                    "chosen_at",
                    models.DateTimeField(
                        blank=True, null=True, help_text="When a person chose it over the version that ships; see decision 0013."
                    ),
                ),
                ("in_shadow", models.BooleanField(default=False, help_text="Whether it scores live photos without showing what it says.")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    UniqueConstraint(fields=["name", "sha256"], name="model_version_once"),
                    UniqueConstraint(fields=["status"], condition=Q(status="active"), name="model_version_one_active"),
                    CheckConstraint(condition=~Q(in_shadow=True, status="active"), name="model_version_active_shows"),
                    CheckConstraint(condition=Q(status__in=["candidate", "active", "retired"]), name="model_version_status_known"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Photo",
            fields=[
                ("id", public_id()),
                ("owner", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="photos")),
                ("filename", models.CharField(max_length=255, help_text="As the owner called it.")),
                ("upload", models.FileField(max_length=200, blank=True, upload_to=upload_path)),
                ("image", models.FileField(max_length=200, blank=True, upload_to=image_path)),
                ("thumbnail", models.FileField(max_length=200, blank=True, upload_to=thumbnail_path)),
                ("sha256", models.CharField(max_length=64, help_text="Of the file as received.")),
                ("stored_bytes", models.PositiveBigIntegerField(default=0, help_text="Of all its files.")),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("format", models.CharField(max_length=8)),
                (
                    "frame",
                    models.PositiveIntegerField(blank=True, null=True, help_text="Of the file's frames or pages, from 0; none of a still."),
                ),
                ("captured_at", models.DateTimeField(blank=True, null=True)),
                ("uploaded_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField()),
                ("source", models.CharField(max_length=8, choices=choices("web", "api", "camera", "video", "archive"))),
                ("note", models.TextField(max_length=2000, blank=True)),
                ("felt_emotion", models.CharField(max_length=8, blank=True, choices=EMOTIONS)),
                ("batch", models.UUIDField(blank=True, null=True, help_text="The upload it came with.")),
                ("is_demo", models.BooleanField(default=False, help_text="Made up by `seed_demo`.")),
                ("deleted_at", models.DateTimeField(blank=True, null=True, help_text="In the bin since.")),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    UniqueConstraint(fields=["owner", "sha256"], name="photo_once_an_owner"),
                    CheckConstraint(condition=Q(height__gt=0, width__gt=0), name="photo_size_positive"),
                    CheckConstraint(condition=Q(taken_at__gte=datetime(1899, 12, 30, 0, 0, tzinfo=UTC)), name="photo_taken_in_our_times"),
                    CheckConstraint(condition=~Q(upload="") | ~Q(image=""), name="photo_has_a_file"),
                    CheckConstraint(condition=Q(felt_emotion="") | Q(felt_emotion__in=values(EMOTIONS)), name="photo_felt_emotion_known"),
                    CheckConstraint(condition=Q(source__in=["web", "api", "camera", "video", "archive"]), name="photo_source_known"),
                ],
                "indexes": [
                    Index(fields=["owner", "-id"], name="photo_history"),
                    Index(fields=["owner", "taken_at", "id"], name="photo_by_date"),
                    Index(fields=["owner", "-id"], condition=~Q(felt_emotion=""), name="photo_self_reports"),
                    Index(fields=["owner"], condition=Q(is_demo=True), name="photo_made_up"),
                    Index(fields=["batch"], name="photo_batch"),
                    Index(fields=["uploaded_at"], name="photo_by_upload"),
                    Index(fields=["filename"], name="photo_by_filename"),
                    Index(fields=["sha256"], name="photo_by_checksum"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PhotoTag",
            fields=[
                ("id", row_number()),
                ("owner", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)),
                ("photo", models.ForeignKey("detector.photo", models.CASCADE, related_name="tags")),
                ("name", models.CharField(max_length=50)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    UniqueConstraint(fields=["photo", "name"], name="tag_once_a_photo"),
                ],
                "indexes": [
                    Index(fields=["owner", "name", "photo"], name="tag_by_owner"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reanalysis",
            fields=[
                ("id", public_id()),
                ("model_version", models.ForeignKey("detector.modelversion", models.PROTECT, related_name="+")),
                ("owner", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, blank=True, null=True, related_name="+")),
                ("from_version", models.ForeignKey("detector.modelversion", models.PROTECT, blank=True, null=True, related_name="+")),
                (
                    "status",
                    models.CharField(max_length=9, default="running", choices=choices("running", "paused", "finished", "cancelled")),
                ),
                ("photos", models.PositiveIntegerField()),
                ("next_before", models.UUIDField(default=new_id)),
                ("note", models.CharField(max_length=200, blank=True)),
                ("started_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, null=True, related_name="+")),
                ("started_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "reanalyses",
                "ordering": ["-id"],
                "constraints": [
                    CheckConstraint(condition=Q(status__in=["running", "paused", "finished", "cancelled"]), name="reanalysis_status_known"),
                    CheckConstraint(
                        condition=Q(finished_at__isnull=False, status__in=["finished", "cancelled"])
                        | Q(finished_at__isnull=True, status__in=["running", "paused"]),
                        name="reanalysis_finished_when_ended",
                    ),
                    CheckConstraint(
                        condition=Q(from_version=None) | ~Q(from_version=F("model_version")), name="reanalysis_leads_to_another"
                    ),
                    UniqueConstraint(fields=["status"], condition=Q(status="running"), name="reanalysis_one_at_a_time"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Analysis",
            fields=[
                ("id", public_id()),
                ("photo", models.ForeignKey("detector.photo", models.CASCADE, related_name="analyses")),
                ("owner", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="analyses", db_index=False)),
                (
                    "model_version",
                    models.ForeignKey("detector.modelversion", models.PROTECT, blank=True, null=True, related_name="analyses"),
                ),
                (
                    "reanalysis",
                    models.ForeignKey(
                        "detector.reanalysis",
                        models.SET_NULL,
                        blank=True,
                        null=True,
                        help_text="The campaign that asked for it.",
                        related_name="analyses",
                        db_index=False,
                    ),
                ),
                ("status", models.CharField(max_length=8, default="queued", choices=choices("queued", "running", "done", "failed"))),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                ("superseded", models.BooleanField(default=False)),
                ("queued_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("error_code", models.CharField(max_length=50, blank=True)),
                ("error_message", models.CharField(max_length=500, blank=True)),
                ("best_confidence", models.FloatField(default=0.0, help_text="Of the surest face; 0 without a face.")),
                ("timings_ms", models.JSONField(blank=True, default=dict, help_text="Milliseconds per stage.")),
            ],
            options={
                "verbose_name_plural": "analyses",
                "ordering": ["-id"],
                "constraints": [
                    CheckConstraint(condition=Q(status__in=["queued", "running", "done", "failed"]), name="analysis_status_known"),
                    CheckConstraint(
                        condition=Q(lease_expires_at__isnull=False, status="running")
                        | (~Q(status="running") & Q(lease_expires_at__isnull=True)),
                        name="analysis_lease_while_running",
                    ),
                    CheckConstraint(
                        condition=Q(finished_at__isnull=False, status__in=["done", "failed"])
                        | Q(finished_at__isnull=True, status__in=["queued", "running"]),
                        name="analysis_finished_when_ended",
                    ),
                    CheckConstraint(
                        condition=(Q(status="failed") & ~Q(error_code="")) | (~Q(status="failed") & Q(error_code="")),
                        name="analysis_error_when_failed",
                    ),
                    CheckConstraint(condition=~Q(status="done") | Q(model_version__isnull=False), name="analysis_done_names_model"),
                    CheckConstraint(condition=Q(best_confidence__gte=0, best_confidence__lte=1), name="analysis_confidence_unit"),
                    UniqueConstraint(fields=["photo"], condition=Q(status__in=["queued", "running"]), name="analysis_one_open_a_photo"),
                    UniqueConstraint(fields=["photo"], condition=Q(superseded=False), name="analysis_one_current_a_photo"),
                ],
                "indexes": [
                    Index(fields=["owner", "-id"], name="analysis_by_owner"),
                    Index(fields=["owner", "-photo"], condition=Q(superseded=False), name="analysis_history"),
                    Index(fields=["owner", "best_confidence", "photo"], condition=Q(superseded=False), name="analysis_by_confidence"),
                    Index(fields=["due_at"], condition=Q(status="queued"), name="analysis_waiting"),
                    Index(fields=["lease_expires_at"], condition=Q(status="running"), name="analysis_leased"),
                    Index(fields=["finished_at"], name="analysis_by_end"),
                    Index(fields=["queued_at"], name="analysis_by_queueing"),
                    Index(fields=["error_code", "-id"], condition=Q(status="failed"), name="analysis_failures"),
                    Index(fields=["reanalysis", "status"], condition=Q(reanalysis__isnull=False), name="analysis_of_reanalysis"),
                    Index(fields=["owner"], condition=~Q(status="done") & Q(superseded=False), name="analysis_without_result"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Face",
            fields=[
                ("id", row_number()),
                ("analysis", models.ForeignKey("detector.analysis", models.CASCADE, related_name="faces")),
                ("index", models.PositiveSmallIntegerField()),
                ("x", models.FloatField()),
                ("y", models.FloatField()),
                ("width", models.FloatField()),
                ("height", models.FloatField()),
                ("landmarks", models.JSONField(help_text="Eyes, nose, mouth corners as [x, y].")),
                ("detection_score", unit_float()),
                ("quality", models.JSONField(default=dict)),
                ("emotion", models.CharField(max_length=8, choices=EMOTIONS)),
                ("confidence", unit_float()),
                ("uncertain", models.BooleanField()),
                ("reviewed_emotion", models.CharField(max_length=11, blank=True, choices=VERDICTS)),
                (
                    "effective_emotion",
                    models.GeneratedField(
                        expression=models.Case(
                            models.When(reviewed_emotion="not_a_face", then=models.Value("")),
                            models.When(reviewed_emotion__in=["", "cannot_tell"], then=F("emotion")),
                            default=F("reviewed_emotion"),
                        ),
                        output_field=models.CharField(max_length=11),
                        db_persist=True,
                    ),
                ),
                ("p_angry", unit_float()),
                ("p_disgust", unit_float()),
                ("p_fear", unit_float()),
                ("p_happy", unit_float()),
                ("p_sad", unit_float()),
                ("p_surprise", unit_float()),
                ("p_neutral", unit_float()),
            ],
            options={
                "ordering": ["index"],
                "constraints": [
                    UniqueConstraint(fields=["analysis", "index"], name="face_index_once"),
                    CheckConstraint(condition=Q(height__gt=0, width__gt=0), name="face_box_has_area"),
                    CheckConstraint(condition=Q(emotion__in=values(EMOTIONS)), name="face_emotion_known"),
                    CheckConstraint(
                        condition=Q(reviewed_emotion="") | Q(reviewed_emotion__in=values(VERDICTS)), name="face_reviewed_emotion_known"
                    ),
                    CheckConstraint(condition=Q(confidence__gte=0, confidence__lte=1), name="face_confidence_unit"),
                ],
                "indexes": [
                    Index(fields=["effective_emotion", "analysis"], name="face_by_emotion"),
                    Index(fields=["emotion", "-id"], name="face_by_reading"),
                    Index(fields=["analysis"], condition=~Q(reviewed_emotion=""), name="face_reviewed"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Explanation",
            fields=[
                ("id", public_id()),
                ("face", models.OneToOneField("detector.face", models.CASCADE, related_name="explanation")),
                ("picture", models.FileField(max_length=200, blank=True, upload_to=picture_path)),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("requested_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("error_code", models.CharField(max_length=50, blank=True)),
                ("error_message", models.CharField(max_length=500, blank=True)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    CheckConstraint(condition=Q(picture="") | Q(error_code=""), name="explanation_picture_or_error"),
                ],
                "indexes": [
                    Index(fields=["requested_at"], condition=Q(error_code="", picture=""), name="explanation_waiting"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShadowFace",
            fields=[
                ("id", row_number()),
                ("face", models.ForeignKey("detector.face", models.CASCADE, related_name="shadows")),
                ("model_version", models.ForeignKey("detector.modelversion", models.CASCADE, related_name="shadow_faces", db_index=False)),
                ("emotion", models.CharField(max_length=8, choices=EMOTIONS)),
                ("confidence", models.FloatField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    UniqueConstraint(fields=["model_version", "face"], name="shadow_face_once_a_version"),
                    CheckConstraint(condition=Q(emotion__in=values(EMOTIONS)), name="shadow_face_emotion_known"),
                    CheckConstraint(condition=Q(confidence__gte=0, confidence__lte=1), name="shadow_face_confidence_unit"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyPhotos",
            fields=[
                ("id", row_number()),
                ("owner", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="daily_photos")),
                ("model_version", models.ForeignKey("detector.modelversion", models.CASCADE, related_name="+")),
                ("day", models.DateField(help_text="Of `Photo.taken_at`, in the owner's time zone.")),
                ("photos", models.PositiveIntegerField()),
                ("without_face", models.PositiveIntegerField()),
            ],
            options={
                "verbose_name_plural": "daily photos",
                "ordering": ["day"],
                "constraints": [
                    UniqueConstraint(fields=["owner", "day", "model_version"], name="daily_photos_once"),
                    CheckConstraint(condition=Q(without_face__lte=F("photos")), name="daily_photos_part_of_whole"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyEmotion",
            fields=[
                ("id", row_number()),
                ("owner", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="daily_emotions")),
                ("model_version", models.ForeignKey("detector.modelversion", models.CASCADE, related_name="+")),
                ("day", models.DateField(help_text="Of `Photo.taken_at`, in the owner's time zone.")),
                ("emotion", models.CharField(max_length=8, choices=EMOTIONS)),
                ("faces", models.PositiveIntegerField()),
                ("uncertain", models.PositiveIntegerField()),
                ("corrected", models.PositiveIntegerField(default=0)),
                ("confidence_sum", models.FloatField()),
            ],
            options={
                "ordering": ["day", "emotion"],
                "constraints": [
                    UniqueConstraint(fields=["owner", "day", "model_version", "emotion"], name="daily_emotion_once"),
                    CheckConstraint(condition=Q(emotion__in=values(EMOTIONS)), name="daily_emotion_known"),
                    CheckConstraint(condition=Q(corrected__lte=F("faces"), uncertain__lte=F("faces")), name="daily_emotion_part_of_whole"),
                ],
            },
        ),
        migrations.CreateModel(
            name="HourlyEmotion",
            fields=[
                ("id", row_number()),
                ("owner", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="hourly_emotions")),
                ("model_version", models.ForeignKey("detector.modelversion", models.CASCADE, related_name="+")),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(help_text="Monday is 0, in the owner's time zone.", validators=[MaxValueValidator(6)]),
                ),
                ("hour", models.PositiveSmallIntegerField(validators=[MaxValueValidator(23)])),
                ("emotion", models.CharField(max_length=8, choices=EMOTIONS)),
                ("faces", models.PositiveIntegerField()),
            ],
            options={
                "ordering": ["weekday", "hour", "emotion"],
                "constraints": [
                    UniqueConstraint(fields=["owner", "model_version", "weekday", "hour", "emotion"], name="hourly_emotion_once"),
                    CheckConstraint(condition=Q(hour__lte=23, weekday__lte=6), name="hourly_emotion_in_a_week"),
                    CheckConstraint(condition=Q(emotion__in=values(EMOTIONS)), name="hourly_emotion_known"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                ("id", public_id()),
                ("face", models.ForeignKey("detector.face", models.CASCADE, related_name="reviews")),
                ("reviewer", models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="reviews")),
                ("kind", models.CharField(max_length=8, choices=choices("owner", "reviewer"))),
                ("verdict", models.CharField(max_length=11, choices=VERDICTS)),
                ("comment", models.TextField(max_length=500, blank=True)),
                (
                    "seconds",
                    models.FloatField(
                        blank=True,
                        null=True,
                        help_text="From the sight of the face to the verdict, where it was measured.",
                        validators=[MinValueValidator(0.0)],
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    UniqueConstraint(fields=["face", "reviewer"], name="review_once_a_person"),
                    UniqueConstraint(fields=["face"], condition=Q(kind="owner"), name="review_one_of_the_owner"),
                    CheckConstraint(condition=Q(kind__in=["owner", "reviewer"]), name="review_kind_known"),
                    CheckConstraint(condition=Q(verdict__in=values(VERDICTS)), name="review_verdict_known"),
                    CheckConstraint(condition=Q(seconds=None) | Q(seconds__gte=0), name="review_seconds_not_negative"),
                ],
                "indexes": [
                    Index(fields=["reviewer", "-id"], name="review_of_a_reviewer"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewCase",
            fields=[
                ("id", public_id()),
                ("face", models.OneToOneField("detector.face", models.CASCADE, related_name="review_case")),
                ("status", models.CharField(max_length=7, default="open", choices=choices("open", "settled"))),
                ("wanted", models.PositiveSmallIntegerField(default=1)),
                ("usefulness", models.FloatField(default=0.0)),
                (
                    "claimed_by",
                    models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, null=True, related_name="claimed_cases"),
                ),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("final_verdict", models.CharField(max_length=11, blank=True, choices=VERDICTS)),
                ("created_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("skipped_by", models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="skipped_cases")),
            ],
            options={
                "ordering": ["-usefulness", "id"],
                "permissions": [("review_faces", "Can review faces")],
                "constraints": [
                    CheckConstraint(
                        condition=Q(final_verdict="", settled_at=None, status="open")
                        | Q(
                            claimed_by=None,
                            claimed_until=None,
                            final_verdict__in=values(VERDICTS),
                            settled_at__isnull=False,
                            status="settled",
                        ),
                        name="review_case_settled_has_verdict",
                    ),
                    CheckConstraint(condition=Q(wanted__gte=1, wanted__lte=3), name="review_case_wants_up_to_three"),
                    CheckConstraint(condition=Q(claimed_by=None) | ~Q(claimed_until=None), name="review_case_claim_ends"),
                ],
                "indexes": [
                    Index(F("usefulness").desc(), F("id"), condition=Q(status="open"), name="review_case_queue"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewedExport",
            fields=[
                ("id", public_id()),
                ("name", models.CharField(max_length=50)),
                ("path", models.CharField(max_length=500)),
                ("sha256", models.CharField(max_length=64, help_text="Of the file.")),
                ("faces", models.PositiveIntegerField()),
                ("counts", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("created_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, null=True, related_name="+")),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    CheckConstraint(condition=Q(faces__gt=0), name="reviewed_export_has_faces"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FineTune",
            fields=[
                ("id", public_id()),
                ("name", models.CharField(max_length=50, unique=True, help_text="Of the candidate.")),
                ("base", models.ForeignKey("detector.modelversion", models.PROTECT, related_name="+")),
                ("reviewed", models.ForeignKey("detector.reviewedexport", models.PROTECT, related_name="fine_tunes")),
                ("result", models.OneToOneField("detector.modelversion", models.PROTECT, blank=True, null=True, related_name="fine_tune")),
                (
                    "status",
                    models.CharField(max_length=9, default="queued", choices=choices("queued", "running", "done", "failed", "cancelled")),
                ),
                ("stage", models.CharField(max_length=20, blank=True)),
                ("progress", models.FloatField(default=0.0)),
                ("log", models.TextField(blank=True)),
                ("error_message", models.CharField(max_length=500, blank=True)),
                ("started_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, null=True, related_name="+")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heard_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "fine-tune",
                "ordering": ["-id"],
                "constraints": [
                    CheckConstraint(
                        condition=Q(status__in=["queued", "running", "done", "failed", "cancelled"]), name="fine_tune_status_known"
                    ),
                    CheckConstraint(condition=Q(progress__gte=0, progress__lte=1), name="fine_tune_progress_unit"),
                    CheckConstraint(condition=~Q(status="done") | Q(result__isnull=False), name="fine_tune_done_names_result"),
                    UniqueConstraint(fields=["status"], condition=Q(status="running"), name="fine_tune_one_at_a_time"),
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                ("id", public_id()),
                ("owner", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="webhook_endpoints")),
                ("url", models.URLField(max_length=500)),
                ("description", models.CharField(max_length=200, blank=True)),
                ("events", models.JSONField(help_text="Values of `Event`.")),
                ("secret", models.CharField(max_length=100, default=new_secret)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("is_quick", models.BooleanField(default=False)),
                ("disabled_at", models.DateTimeField(blank=True, null=True)),
                ("disabled_reason", models.CharField(max_length=200, blank=True)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    CheckConstraint(
                        condition=Q(failing_since=None, failures=0) | (Q(failures__gt=0) & ~Q(failing_since=None)),
                        name="webhook_endpoint_failing_since",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", public_id()),
                ("endpoint", models.ForeignKey("detector.webhookendpoint", models.CASCADE, related_name="deliveries")),
                ("photo", models.ForeignKey("detector.photo", models.CASCADE, related_name="deliveries")),
                ("event", models.CharField(max_length=20, choices=choices("analysis.done", "analysis.failed", "review.created"))),
                ("subject", models.UUIDField(help_text="The analysis or review that it tells of.")),
                ("payload", models.TextField(help_text="JSON, as it is signed and sent.")),
                ("status", models.CharField(max_length=9, default="waiting", choices=choices("waiting", "delivered", "failed"))),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("response_status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("response_body", models.TextField(blank=True)),
                ("error", models.CharField(max_length=300, blank=True)),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
                "ordering": ["-id"],
                "constraints": [
                    CheckConstraint(
                        condition=Q(event__in=["analysis.done", "analysis.failed", "review.created"]), name="webhook_delivery_event_known"
                    ),
                    CheckConstraint(
                        condition=Q(finished_at=None, status="waiting") | (Q(status__in=["delivered", "failed"]) & ~Q(finished_at=None)),
                        name="webhook_delivery_finished_when_ended",
                    ),
                ],
                "indexes": [
                    Index(fields=["due_at"], condition=Q(status="waiting"), name="webhook_delivery_waiting"),
                    Index(fields=["endpoint", "due_at"], condition=Q(status="waiting"), name="webhook_delivery_next"),
                    Index(fields=["endpoint", "-id"], name="webhook_delivery_list"),
                    Index(fields=["subject"], name="webhook_delivery_subject"),
                    Index(fields=["created_at"], name="webhook_delivery_by_date"),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotentCall",
            fields=[
                ("id", row_number()),
                ("owner", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="idempotent_calls")),
                ("key", models.CharField(max_length=255)),
                ("request_sha256", models.CharField(max_length=64)),
                ("accepted", models.JSONField(blank=True, default=list, help_text="Ids of analyses.")),
                ("rejected", models.JSONField(blank=True, default=list)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("claimed_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    UniqueConstraint(fields=["owner", "key"], name="idempotent_call_once"),
                ],
                "indexes": [
                    Index(fields=["created_at"], name="idempotent_call_age"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", public_id()),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("actor", models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")),
                ("actor_name", models.CharField(max_length=150)),
                ("action", models.CharField(max_length=50, help_text="What it was done to, a dot, what was done.")),
                ("target_type", models.CharField(max_length=50, blank=True)),
                ("target_id", models.CharField(max_length=50, blank=True)),
                ("target_name", models.CharField(max_length=200, blank=True)),
                ("details", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name_plural": "audit log",
                "ordering": ["-id"],
                "default_permissions": ["view"],
                "constraints": [
                    CheckConstraint(condition=~Q(action="") & ~Q(actor_name=""), name="audit_entry_says_who_and_what"),
                ],
                "indexes": [
                    Index(fields=["target_type", "target_id", "-id"], name="audit_by_target"),
                    Index(fields=["action", "-id"], name="audit_by_action"),
                    Index(fields=["at"], name="audit_by_time"),
                    Index(fields=["actor_name", "-id"], name="audit_by_actor"),
                    Index(fields=["target_name", "-id"], name="audit_by_target_name"),
                    Index(fields=["target_id", "-id"], name="audit_by_target_id"),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkerHeartbeat",
            fields=[
                ("name", models.CharField(primary_key=True, max_length=200, serialize=False)),
                ("seen_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(blank=True, null=True, help_text="When it last took a task, of whatever kind.")),
                ("is_busy", models.BooleanField(db_default=False, help_text="As of the last sign of life.")),
            ],
        ),
        migrations.RunPython(make_audit_log_final, let_audit_log_change),
        migrations.RunPython(make_roles, remove_roles),
    ]
