"""The header Permissions-Policy: https://www.w3.org/TR/permissions-policy/."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseBase

P = ParamSpec("P")

# Only names that all browsers know: an unknown one is an error in the console. Clipboard and full
# screen stay allowed.
NOT_NEEDED = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media",
    "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer",
    "microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-get",
    "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
NOTHING_ALLOWED = ", ".join(f"{name}=()" for name in NOT_NEEDED)
CAMERA_ALLOWED = NOTHING_ALLOWED.replace("camera=()", "camera=(self)")


def permissions_policy(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Forbid what pages do not need, including the camera, unless the view allows it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.setdefault("Permissions-Policy", NOTHING_ALLOWED)
        return response

    return middleware


def camera_allowed(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Allow the camera on the page of a view."""

    @wraps(view)
    def with_camera(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(*args, **kwargs)
        response["Permissions-Policy"] = CAMERA_ALLOWED
        return response

    return with_camera
