"""Room for what is kept of calls and deliveries so that nothing outlives the photo they tell of."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('detector', '0016_fine_tunes_and_shadows'),
    ]

    operations = [
        migrations.AddField(
            model_name='idempotentcall',
            name='accepted',
            field=models.JSONField(blank=True, default=list, help_text='Ids of analyses.'),
        ),
        migrations.AddField(
            model_name='idempotentcall',
            name='rejected',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name='idempotentcall',
            name='answered_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='webhookdelivery',
            name='photo',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='detector.photo'),
        ),
    ]
