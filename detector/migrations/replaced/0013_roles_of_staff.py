"""The roles of those who run the site, as groups that can be given to people in the admin panel."""

from django.contrib.auth.management import create_permissions
from django.db import migrations, models

ROLES = {
    "reviewer": ["review_faces"],
    "auditor": ["view_auditentry"],
    "operator": [
        "view_analysis", "change_analysis",
        "view_apitoken", "delete_apitoken",
        "view_dailyemotion", "view_face", "view_modelversion",
        "view_photo", "delete_photo",
        "view_reanalysis", "add_reanalysis", "view_reviewedexport",
        "view_user", "change_user", "delete_user",
        "view_webhookdelivery", "view_webhookendpoint", "change_webhookendpoint",
        "view_workerheartbeat",
    ],
}


def make_roles(apps, schema_editor):
    """Make each group. Django makes permissions after all migrations, so here it is told to."""
    detector = apps.get_app_config("detector")
    detector.models_module = True
    create_permissions(detector, apps=apps, verbosity=0, using=schema_editor.connection.alias)
    detector.models_module = None
    permissions = apps.get_model("auth", "Permission").objects
    groups = apps.get_model("auth", "Group").objects
    for role, codenames in ROLES.items():
        group, _ = groups.get_or_create(name=role)
        found = permissions.filter(content_type__app_label="detector", codename__in=codenames)
        group.permissions.add(*found)


def remove_roles(apps, schema_editor):
    """Take the groups away; the permissions are Django's."""
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('detector', '0012_which_version_serves'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='analysis',
            index=models.Index(fields=['finished_at'], name='analysis_by_end'),
        ),
        migrations.AddIndex(
            model_name='analysis',
            index=models.Index(condition=models.Q(('status', 'failed')), fields=['error_code', '-id'], name='analysis_failures'),
        ),
        migrations.RunPython(make_roles, remove_roles),
    ]
