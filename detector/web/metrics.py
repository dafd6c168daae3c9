"""The page of figures for Prometheus, and the counts of requests.

The figures of requests are those of this host's web processes, by django-prometheus; those of the
work are the whole installation's (`detector.operations.metrics`).
"""

import ipaddress
import os
import re
import secrets
from typing import Any

import prometheus_client
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.middleware import PrometheusAfterMiddleware
from prometheus_client import CollectorRegistry, multiprocess

from detector.operations import metrics as work

FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP")
LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")

_work = CollectorRegistry(auto_describe=False)
_work.register(work.recent)


@never_cache
@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the figures to this host and to whoever holds the token; 404 to all others."""
    if not (_has_token(request) or _is_from_here(request)):
        raise Http404
    text = prometheus_client.generate_latest(_requests()) + prometheus_client.generate_latest(_work)
    return HttpResponse(text, content_type=prometheus_client.CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    is_right = secrets.compare_digest(token.strip().encode(), wanted.encode())
    return bool(wanted) and scheme.lower() == "bearer" and is_right


def _is_from_here(request: HttpRequest) -> bool:
    """Return whether a program of this host sent the request, and no proxy passed it on.

    Our server removes the headers of proxies that are not trusted. Most proxies keep the `Host`.
    """
    if settings.TRUSTED_PROXIES or any(name in request.META for name in FORWARDED):
        return False
    if not LOOPBACK.fullmatch(request.get_host()):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _requests() -> CollectorRegistry:
    """Return the registry of this process, or of all web processes of this host."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return prometheus_client.REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


class CountedRequests(PrometheusAfterMiddleware):
    """Count requests and answers by view, and measure how long they take.

    Callers choose the method, and each new one would cost memory for ever.
    """

    def label_metric(
        self, metric: Any, request: HttpRequest, response: Any = None, **labels: str
    ) -> Any:
        """Return the metric with these labels; unknown methods share one."""
        if "method" in labels:
            labels["method"] = self._method(request)
        return super().label_metric(metric, request, response, **labels)
