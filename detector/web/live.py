"""The live page: a camera whose pictures stay in the browser, and the networks that it runs."""

from typing import Any, Final

from csp.constants import SELF
from csp.decorators import csp_update
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from detector.enums import Emotion
from detector.live import series
from detector.models.live_session import LIVE_SECONDS
from detector.registry import browser
from detector.templatetags.emotions import EMOJI
from detector.web.live_forms import KeepForm
from detector.web.permissions_policy import CAMERA_ALLOWED
from detector.web.requests import OwnerRequest

WASM: Final = "'wasm-unsafe-eval'"
"""Lets a page compile WebAssembly, and nothing else that its policy forbids."""
IMMUTABLE: Final = "private, max-age=31536000, immutable"
RUNTIME: Final = {
    "runtime": "vendor/ort.wasm.min.mjs",
    "mjs": "vendor/ort-wasm-simd-threaded.mjs",
    "wasm": "vendor/ort-wasm-simd-threaded.wasm",
}


@require_safe
def live(request: OwnerRequest) -> HttpResponseBase:
    """Show the page of the live camera."""
    return page(request, KeepForm())


def page(request: OwnerRequest, form: KeepForm) -> HttpResponseBase:
    """Return the page, with the form of a session to keep.

    It may use the camera and compile WebAssembly. It is isolated from other origins, so that it may
    use threads.
    """
    told = _data(browser.networks()) | {"zone": request.user.time_zone}
    context = {"live_data": told, "emotions": Emotion, "form": form}

    def answer(request: HttpRequest) -> HttpResponseBase:
        return render(request, "detector/live/live.html", context)

    response = csp_update({"script-src": [SELF, WASM], "worker-src": [SELF]})(answer)(request)
    response["Permissions-Policy"] = CAMERA_ALLOWED
    response["Cross-Origin-Embedder-Policy"] = "require-corp"
    return response


@require_safe
def network(request: OwnerRequest, checksum: str) -> HttpResponseBase:
    """Return the network with this checksum, which a browser may keep for good."""
    etag = f'"{checksum}"'
    content = browser.content_of(checksum)
    if content is None:
        raise Http404
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        content, content_type="application/octet-stream"
    )
    response["ETag"] = etag
    response["Cache-Control"] = IMMUTABLE
    return response


def _data(networks: browser.BrowserNetworks) -> dict[str, Any]:
    """Return what the scripts of the page need."""
    return {
        "constants": networks.constants,
        "worker": static("js/live/worker.js"),
        "limits": {"seconds": LIVE_SECONDS, "faces": series.FACES},
        "upload": reverse("upload"),
        "addresses": {
            **{name: static(path) for name, path in RUNTIME.items()},
            **{
                part: reverse("live-network", args=[checksum])
                for part, checksum in networks.checksums.items()
            },
        },
        "emotions": [
            {"key": emotion.value, "label": str(emotion.label), "emoji": EMOJI[emotion]}
            for emotion in Emotion
        ],
    }
