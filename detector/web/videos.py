"""Videos: the list with its upload, one video with its timeline, and its owner's actions."""

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from detector.common import keyset, ranges
from detector.enums import Emotion, Status
from detector.exceptions import DetectorError
from detector.models import Video, VideoTrack
from detector.videos import (
    corrections,
    erasure,
    export,
    queueing,
    selectors,
    submission,
    timeline,
    trash,
    uploads,
)
from detector.videos.files import MEDIA_TYPES
from detector.web import listing
from detector.web.pictures import picture
from detector.web.requests import OwnerRequest
from detector.web.uploads import forget_wish

PAGE_SIZE: Final = 24
ORDER: Final = keyset.Order()
EXPORTS: Final = {
    "csv": "CSV, a row a frame",
    "seconds": "CSV, a row a second",
    "json": "JSON",
    "vtt": "WebVTT",
    "srt": "SRT",
}
POLL_SECONDS: Final = 2
SAVED: Final = "Your correction was saved."
CHOSEN: Final = ("track", "start", "end", "emotion")
"""Fields of a correction."""
REFUSED: Final = {
    error.code: error.message for error in (corrections.OUTSIDE, corrections.TOO_MANY)
}
TAKEN_BACK: Final = "What you said of this span was taken back."
PART_BYTES: Final = 8 * 2**20
"""Of an upload by the page: a lost connection costs one part."""


@require_http_methods(["GET", "HEAD", "POST"])
def videos(request: OwnerRequest) -> HttpResponse:
    """Show the videos of the owner. POST accepts one and leads to its page."""
    if request.method == "POST":
        return _upload(request)
    query = request.GET
    after, before = (_key(query.get(name, "")) for name in ("after", "before"))
    page = keyset.page_of(
        selectors.videos_of(request.user), ORDER, PAGE_SIZE, after or before,
        backwards=after is not None,
    )  # fmt: skip
    context = {
        "page": page,
        "newer": listing.key_text(page.earlier),
        "older": listing.key_text(page.later),
        "unfinished": uploads.unfinished(request.user),
        "part_bytes": PART_BYTES,
        "max_megabytes": settings.VIDEO_MAX_BYTES // 2**20,
        "max_minutes": settings.VIDEO_MAX_DURATION // 60,
    }
    return render(request, "detector/videos.html", context)


def _upload(request: OwnerRequest) -> HttpResponse:
    """Accept a video in one request; the script of the page sends it to the API in parts."""
    file = request.FILES.get("video")
    try:
        if file is None:
            raise DetectorError("no_file", "Choose a video.")
        video, is_new = submission.submit(request.user, file, forget=forget_wish(request))
    except DetectorError as error:
        messages.error(request, error.message)
        return redirect("videos")
    if not is_new:
        messages.info(request, "You already have this video.")
    return redirect("video", video.pk)


@require_POST
def discard_upload(request: OwnerRequest, upload_id: UUID) -> HttpResponse:
    """Discard an unfinished upload."""
    upload = uploads.upload_of(request.user, upload_id)
    if upload is None:
        raise Http404
    uploads.discard(upload)
    messages.success(request, f"The upload of {upload.filename} was discarded.")
    return redirect("videos")


@require_safe
def video(request: OwnerRequest, video_id: UUID) -> HttpResponse:
    """Show a video with its timeline, or how far its analysis is."""
    found = _video(request, video_id)
    context: dict[str, Any] = {"video": found, "poll_seconds": POLL_SECONDS}
    if found.status == Status.DONE:
        context |= {
            "lanes": [_lane(found, track) for track in found.tracks.all()],
            "frames": [still for still in found.stills.all() if still.track_id is None],
            "emotions": Emotion,
            "exports": EXPORTS,
            "refused": REFUSED.get(request.GET.get("refused", "")),
        }
    return render(request, "detector/video.html", context)


@require_safe
def progress(request: OwnerRequest, video_id: UUID) -> HttpResponse:
    """Return how far the analysis is; at its end the page is loaded anew."""
    found = _video(request, video_id)
    context = {"video": found, "poll_seconds": POLL_SECONDS}
    answer = render(request, "detector/partials/video_progress.html", context)
    if found.is_finished:
        answer["HX-Refresh"] = "true"
    return answer


@require_safe
def file(request: OwnerRequest, video_id: UUID) -> HttpResponseBase:
    """Return the video as it was uploaded, or the part that a player asks for."""
    found = _video(request, video_id)
    try:
        response = ranges.file_response(request, found.file, MEDIA_TYPES[found.format])
    except ranges.UnsatisfiableError as error:
        status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        return HttpResponse(status=status, headers=error.headers)
    if response is None:
        raise Http404
    return response


@require_safe
def still(request: OwnerRequest, video_id: UUID, still_id: int) -> HttpResponseBase:
    """Return a picture out of the video."""
    found = selectors.still_of(request.user, video_id, still_id)
    if found is None:
        raise Http404
    return picture(request, found.picture)


@require_safe
def line(request: OwnerRequest, video_id: UUID) -> HttpResponse:
    """Return the timeline as JSON, for the script of the page."""
    return JsonResponse(timeline.as_dict(_done(request, video_id)))


@require_safe
def export_file(request: OwnerRequest, video_id: UUID, kind: str) -> HttpResponse:
    """Return the timeline as a file to save."""
    if kind not in export.EXPORTS:
        raise Http404
    return export.as_response(_done(request, video_id), kind)


@require_POST
def correct(request: OwnerRequest, video_id: UUID) -> HttpResponse:
    """Correct a span of a track, or take earlier words on it back."""
    sent = request.POST
    track = selectors.track_of(request.user, video_id, _number(sent.get("track"), -1))
    if track is None:
        raise Http404
    emotion = sent.get("emotion", "")
    start, end = (_seconds(sent.get(name)) for name in ("start", "end"))
    try:
        if start is None or end is None or emotion not in ("", *Emotion.values):
            raise corrections.OUTSIDE
        corrections.correct(track, start=start, end=end, emotion=emotion)
    except DetectorError as error:
        # The form says why, and shows again what was chosen.
        chosen = {name: sent.get(name, "") for name in CHOSEN} | {"refused": error.code}
        return redirect(f"{reverse('video', args=[video_id])}?{urlencode(chosen)}#correction")
    messages.success(request, SAVED if emotion else TAKEN_BACK)
    return redirect(f"{reverse('video', args=[video_id])}#people")


@require_POST
def delete(request: OwnerRequest, video_id: UUID) -> HttpResponse:
    """Move a video to the bin."""
    found = _video(request, video_id)
    trash.discard(request.user, [found.pk])
    messages.success(request, f"{found.filename} was deleted. It is in the bin for a while.")
    return redirect("videos")


@require_POST
def delete_file(request: OwnerRequest, video_id: UUID) -> HttpResponse:
    """Delete the file and keep the timeline."""
    try:
        erasure.delete_file(_video(request, video_id))
        messages.success(request, "The video was deleted. Its timeline stays.")
    except DetectorError as error:
        messages.error(request, error.message)
    return redirect("video", video_id)


@require_POST
def retry(request: OwnerRequest, video_id: UUID) -> HttpResponse:
    """Try a failed video again."""
    queueing.retry(_video(request, video_id))
    return redirect("video", video_id)


@require_POST
def restore(request: OwnerRequest, video_id: UUID) -> HttpResponse:
    """Bring a video back from the bin."""
    if not trash.restore(request.user, [video_id]):
        raise Http404
    messages.success(request, "The video is back.")
    return redirect("video", video_id)


def _lane(found: Video, track: VideoTrack) -> dict[str, Any]:
    """Return what the page shows of a track."""
    summary = track.summary
    shares = sorted(
        ((name, share) for name, share in summary["shares"].items() if share),
        key=lambda pair: -pair[1],
    )
    stills = list(track.stills.all())
    return {
        "track": track,
        "name": f"Person {track.index + 1}",
        "shares": shares,
        "uncertain": summary["uncertain"],
        "changes": summary["changes"],
        "seconds": summary["seconds"],
        "stills": stills,
        "face": max(stills, key=lambda one: one.confidence or 0.0, default=None),
        "bands": [
            # A band ends with a whole second, and the video perhaps before that.
            {**band, "length": max(min(band["end"], found.duration) - band["start"], 0.05)}
            for band in summary["bands"]
        ],
    }


def _video(request: OwnerRequest, video_id: UUID) -> Video:
    found = selectors.video_of(request.user, video_id)
    if found is None:
        raise Http404
    return found


def _done(request: OwnerRequest, video_id: UUID) -> Video:
    found = _video(request, video_id)
    if found.status != Status.DONE:
        raise Http404
    return found


def _key(text: str) -> keyset.Key | None:
    try:
        return ORDER.parse(text, None)
    except ValueError:
        return None


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else otherwise


def _seconds(text: str | None) -> float | None:
    """Return a time from a form; None where it is none."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e6 else None
