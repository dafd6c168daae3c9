"""Webhook endpoints and their deliveries."""

import secrets
from base64 import b64encode

from django.conf import settings
from django.db import models
from django.db.models import Q

from detector.enums import DeliveryStatus, Event
from detector.models.constraints import allows_only
from detector.models.photo import Photo
from detector.models.row import Row
from detector.models.video import Video


def new_secret() -> str:
    """Return a new 256-bit signing key in the format of Standard Webhooks."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


class WebhookEndpoint(Row):
    """A URL of one owner that receives events.

    `failures` counts the failed attempts since the last success, `failing_since` is the time of
    the first. An endpoint with `disabled_at` receives nothing, for `disabled_reason`. `is_quick`
    says that its last delivery was accepted within seconds: it never waits for slow endpoints.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhook_endpoints"
    )
    url = models.URLField(max_length=500)
    description = models.CharField(max_length=200, blank=True)
    events = models.JSONField(help_text="Values of `Event`.")
    secret = models.CharField(max_length=100, default=new_secret)
    created_at = models.DateTimeField(auto_now_add=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    is_quick = models.BooleanField(default=False)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=200, blank=True)

    class Meta(Row.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(failures=0, failing_since=None)
                | (Q(failures__gt=0) & ~Q(failing_since=None)),
                name="webhook_endpoint_failing_since",
            ),
        ]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(Row):
    """One event for one endpoint, and the last response.

    It is deleted with its `photo` or `video`, sent or not. While that is in the trash, the delivery
    is hidden and waits. The process that moved `leased_until` into the future is sending it;
    `due_at` is the time of the next attempt.
    """

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    photo = models.ForeignKey(
        Photo, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    video = models.ForeignKey(
        Video, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    event = models.CharField(max_length=20, choices=Event)
    subject = models.UUIDField(help_text="The analysis, review or video that it tells of.")
    payload = models.TextField(help_text="JSON, as it is signed and sent.")
    status = models.CharField(max_length=9, choices=DeliveryStatus, default=DeliveryStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    response_body = models.TextField(blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta(Row.Meta):
        verbose_name_plural = "webhook deliveries"
        constraints = [
            allows_only("event", Event, name="webhook_delivery_event_known"),
            models.CheckConstraint(
                condition=Q(photo__isnull=True) ^ Q(video__isnull=True),
                name="webhook_delivery_of_photo_or_video",
            ),
            models.CheckConstraint(
                condition=Q(status=DeliveryStatus.WAITING, finished_at=None)
                | (
                    Q(status__in=[DeliveryStatus.DELIVERED, DeliveryStatus.FAILED])
                    & ~Q(finished_at=None)
                ),
                name="webhook_delivery_finished_when_ended",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(status=DeliveryStatus.WAITING),
                name="webhook_delivery_waiting",
            ),
            models.Index(
                fields=["endpoint", "due_at"],
                condition=Q(status=DeliveryStatus.WAITING),
                name="webhook_delivery_next",
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_delivery_list"),
            models.Index(fields=["subject"], name="webhook_delivery_subject"),
            models.Index(fields=["created_at"], name="webhook_delivery_by_date"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.status}"
