"""Addresses of the API and its documentation."""

from django.urls import include, path
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularSwaggerSplitView,
)
from rest_framework.routers import SimpleRouter

from detector.api.views import account, analyses, statistics, tokens

router = SimpleRouter(use_regex_path=False)
router.register("analyses", analyses.AnalysisViewSet, basename="analysis")
router.register("models", account.ModelViewSet, basename="model")
router.register("tokens", tokens.TokenViewSet, basename="token")

v1 = (
    [
        *router.urls,
        path("me/", account.MeView.as_view(), name="me"),
        path("stats/summary/", statistics.SummaryView.as_view(), name="stats-summary"),
    ],
    "v1",
)

app_name = "api"
urlpatterns = [
    path("v1/", include(v1)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
]
