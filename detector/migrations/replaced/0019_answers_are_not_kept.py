"""Drop the stored answers, and let every delivery name its photo."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('detector', '0018_ids_instead_of_answers'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='idempotentcall',
            name='idempotent_call_answer_has_status',
        ),
        migrations.RemoveField(
            model_name='idempotentcall',
            name='answer',
        ),
        migrations.RemoveField(
            model_name='idempotentcall',
            name='status',
        ),
        migrations.AlterField(
            model_name='webhookdelivery',
            name='photo',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='detector.photo'),
        ),
    ]
