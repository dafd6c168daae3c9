"""Addresses of the API and its documentation."""

from django.urls import include, path
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularSwaggerSplitView,
)
from rest_framework.routers import SimpleRouter

from detector.api import views

router = SimpleRouter(use_regex_path=False)
router.register("analyses", views.AnalysisViewSet, basename="analysis")
router.register("tokens", views.TokenViewSet, basename="token")

v1 = (
    [
        *router.urls,
        path("stats/summary/", views.SummaryView.as_view(), name="stats-summary"),
    ],
    "v1",
)

app_name = "api"
urlpatterns = [
    path("v1/", include(v1)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
]
