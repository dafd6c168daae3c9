"""URLs of the API and its documentation."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.urls import include, path
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from detector.api.views import (
    account,
    analyses,
    detect,
    export,
    live,
    reviews,
    schema,
    statistics,
    tokens,
    video_uploads,
    videos,
    webhooks,
)

router = SimpleRouter(use_regex_path=False)
router.register("analyses", analyses.AnalysisViewSet, basename="analysis")
router.register("live-sessions", live.LiveSessionViewSet, basename="live-session")
router.register("models", account.ModelViewSet, basename="model")
router.register("reviews", reviews.ReviewViewSet, basename="review")
router.register("tokens", tokens.TokenViewSet, basename="token")
router.register("video-uploads", video_uploads.VideoUploadViewSet, basename="video-upload")
router.register("videos", videos.VideoViewSet, basename="video")
router.register("webhooks", webhooks.WebhookViewSet, basename="webhook")

DELIVERIES = "webhooks/<uuid:webhook_id>/deliveries/"
deliveries = webhooks.DeliveryViewSet.as_view

v1 = (
    [
        *router.urls,
        path("detect/", detect.DetectView.as_view(), name="detect"),
        path("export/", export.ExportView.as_view(), name="export"),
        path("me/", account.MeView.as_view(), name="me"),
        path(DELIVERIES, deliveries({"get": "list"}), name="delivery-list"),
        path(f"{DELIVERIES}<uuid:id>/", deliveries({"get": "retrieve"}), name="delivery-detail"),
        path(
            f"{DELIVERIES}<uuid:id>/resend/",
            deliveries({"post": "resend"}),
            name="delivery-resend",
        ),
        path("reviews/queue/", reviews.QueueView.as_view(), name="review-queue"),
        path(
            "reviews/queue/<uuid:id>/image/",
            reviews.QueueImageView.as_view(),
            name="review-queue-image",
        ),
        path(
            "reviews/queue/<uuid:id>/skip/",
            reviews.QueueSkipView.as_view(),
            name="review-queue-skip",
        ),
        path("stats/timeline/", statistics.TimelineView.as_view(), name="stats-timeline"),
        path("stats/calendar/", statistics.CalendarView.as_view(), name="stats-calendar"),
        path("stats/compare/", statistics.CompareView.as_view(), name="stats-compare"),
        path("stats/summary/", statistics.SummaryView.as_view(), name="stats-summary"),
    ],
    "v1",
)

# These views only read, and cannot render what OPTIONS answers.
READ = ["get", "head"]

# Redoc writes its styles into the page and searches in a worker; nothing personal is shown there.
redoc = csp_update({"style-src": [SELF, UNSAFE_INLINE], "worker-src": [SELF, "blob:"]})(
    SpectacularRedocView.as_view(url_name="api:schema", http_method_names=READ)
)

swagger = SpectacularSwaggerSplitView.as_view(url_name="api:schema", http_method_names=READ)

app_name = "api"
urlpatterns = [
    path("v1/", include(v1)),
    path("schema/", schema.SchemaView.as_view(), name="schema"),
    path("docs/", swagger, name="docs"),
    path("redoc/", redoc, name="redoc"),
]
