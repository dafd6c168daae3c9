"""Of a call and of a delivery nothing is kept that outlives the photo which they tell of.

Apart from the changes of the tables: PostgreSQL makes no index beside changed rows.
"""

import json

from django.db import migrations, models


def keep_ids(apps, schema_editor):
    """Keep of each answer the ids of what was accepted, and which files were refused and why."""
    IdempotentCall = apps.get_model("detector", "IdempotentCall")
    for call in IdempotentCall.objects.exclude(status=None).iterator():
        call.accepted, call.rejected = outcome_of(json.loads(call.answer))
        call.answered_at = call.created_at
        call.save(update_fields=["accepted", "rejected", "answered_at"])
    # What tells of neither can be answered no more, only done anew.
    empty = {"accepted": [], "rejected": []}
    IdempotentCall.objects.exclude(status=None).filter(**empty).delete()


def outcome_of(answer):
    """The ids of what an answer accepted, and the files that it refused."""
    refused = answer.get("error", {}).get("details", {}).get("rejected", [])
    accepted = [analysis["id"] for analysis in answer.get("accepted", [])]
    return accepted, answer.get("rejected", refused)


def name_photos(apps, schema_editor):
    """Name the photo of each delivery; what tells of an erased one goes, as it should have."""
    Analysis, Review, WebhookDelivery = (
        apps.get_model("detector", name) for name in ("Analysis", "Review", "WebhookDelivery")
    )
    subject = models.OuterRef("subject")
    of_analyses = Analysis.objects.filter(pk=subject).values("photo")
    of_reviews = Review.objects.filter(pk=subject).values("face__analysis__photo")
    for photos in (of_analyses, of_reviews):
        unnamed = WebhookDelivery.objects.filter(photo=None)
        unnamed.update(photo=models.Subquery(photos[:1]))
    WebhookDelivery.objects.filter(photo=None).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('detector', '0017_what_outlives_no_photo'),
    ]

    operations = [
        migrations.RunPython(keep_ids, migrations.RunPython.noop),
        migrations.RunPython(name_photos, migrations.RunPython.noop),
    ]
