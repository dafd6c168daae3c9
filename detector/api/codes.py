"""All error codes of the API, with status and meaning."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True)
class Problem:
    """One kind of error."""

    status: HTTPStatus
    meaning: str


def _all(status: HTTPStatus, **meanings: str) -> dict[str, Problem]:
    return {code: Problem(status, meaning) for code, meaning in meanings.items()}


PROBLEMS = {
    **_all(
        HTTPStatus.BAD_REQUEST,
        invalid="A value or a parameter is not valid or not known: see `details.fields`.",
        parse_error="The body cannot be read.",
        bad_request="The request cannot be understood.",
        empty_file="The file is empty.",
        corrupt_image="The image is damaged or incomplete.",
        unsupported_format="Not JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF, whatever its name; "
        "of a video: not MP4, MOV, WebM, MKV or AVI, and nothing else that is known.",
        file_too_large="The file has too many bytes: see `details`.",
        image_too_large="The image has too many pixels: see `details`.",
        too_many_scans="The JPEG has too many scans.",
        image_too_costly="To read the image takes too much time or memory.",
        too_many_frames="The animated picture has too many frames.",
        corrupt_archive="The ZIP is damaged or incomplete.",
        unsafe_archive="The ZIP names files outside of itself.",
        archive_too_large="The ZIP unpacks to too many bytes.",
        nested_archive="There is an archive inside the ZIP.",
        locked_file="A file of the ZIP is locked with a password.",
        unsupported_compression="A file of the ZIP has a compression that we do not read.",
        no_photo_in_archive="There is no photo in the ZIP.",
        corrupt_video="The video is damaged: it cannot be opened or decoded.",
        unsupported_container="A video in a container that is not read here: `details.container`.",
        text_file="A text, such as subtitles, instead of a video.",
        document_file="A PDF or an office document instead of a video.",
        photo_file="A picture instead of a video: it is uploaded as a photo.",
        archive_file="An archive instead of a video: it is not unpacked.",
        playlist="A list of videos instead of a video.",
        no_video_stream="The file has sound or text alone.",
        no_frames="The video has no pictures in it.",
        unknown_codec="The codec of the video is not supported: see `details.codec`.",
        encrypted_video="The video has copy protection.",
        video_too_large="The pictures of the video have too many pixels: see `details`.",
        video_too_long="The video is too long: see `details`.",
        video_truncated="The end of the video is missing: see `details`.",
        false_duration="The video claims to last for days, and does not: see `details`.",
        video_too_costly="To read the video takes too much time or memory.",
        invalid_span="The span is not within the track: see `details`.",
        part_too_small="A part of an upload has fewer than `details.min_bytes`; only the last may.",
        part_too_long="A part goes beyond the length of its upload.",
        account_gone="The account is being deleted.",
        name_too_long="The name of a file has more than 255 characters.",
        no_image_accepted="No file was accepted, for several reasons: see `details.rejected`.",
        too_many_files="There are more than `details.max_files` files in one call or ZIP.",
        invalid_note="The note is not valid.",
        invalid_tags="The tags are not valid.",
        invalid_emotion="There is no such emotion.",
        invalid_name="The name is not valid.",
        invalid_series="The numbers of a live session are not valid: see `details`.",
        invalid_correction="A correction of a live session is not valid: see `details`.",
        url_refused="The address is not a public one, or does not exist.",
    ),
    **_all(
        HTTPStatus.UNAUTHORIZED,
        not_authenticated="There is no token and no session.",
        authentication_failed="The token is wrong, expired or revoked.",
    ),
    **_all(
        HTTPStatus.FORBIDDEN,
        permission_denied="You may not do this, or a session sent no CSRF token.",
        csrf_failed="A session sent no CSRF token.",
        insufficient_scope="The token lacks the scope in `details.needed`.",
        scope_not_held="A token cannot give the scopes in `details.scopes`: it lacks them.",
        quota_exceeded="This would exceed your quota: see `details.unit` and `details.limit`.",
    ),
    **_all(
        HTTPStatus.NOT_FOUND,
        not_found="There is nothing there, or it is not yours.",
        file_missing="The stored file is gone.",
    ),
    **_all(HTTPStatus.METHOD_NOT_ALLOWED, method_not_allowed="The method is not allowed."),
    **_all(HTTPStatus.NOT_ACCEPTABLE, not_acceptable="None of the accepted formats is available."),
    **_all(
        HTTPStatus.REQUEST_TIMEOUT,
        request_timeout="The request did not come in time: a header in 30 s, 1 KB/s of a body.",
    ),
    **_all(
        HTTPStatus.CONFLICT,
        not_failed="Only a failed analysis that no later one replaced can be tried again; a video "
        "only while its file is there.",
        not_finished="The video is still analysed.",
        idempotency_key_reused="The key was used for other files.",
        call_in_progress="The first call with this key is not done yet.",
        explanation_failed="No heat map can be drawn: see `details.reason`.",
        review_not_held="The face is not, or no longer, yours to review.",
        too_many_corrections="The track has `details.max_corrections` corrections already.",
        too_many_live_sessions="You have the largest number of live sessions that is allowed.",
        too_many_tokens="You have the largest number of tokens that is allowed.",
        too_many_uploads="You have the largest number of unfinished uploads that is allowed.",
        wrong_offset="The part does not begin at `details.offset`, where the next one is expected.",
        too_many_webhooks="You have the largest number of webhooks that is allowed.",
    ),
    **_all(
        HTTPStatus.GONE,
        gone="The photos of this call have been deleted.",
        picture_forgotten="The picture was deleted after its analysis, as its owner wished.",
    ),
    **_all(
        HTTPStatus.PRECONDITION_FAILED,
        precondition_failed="The object does not meet `If-Match` or `If-None-Match`.",
        unsupported_tus_version="`Tus-Resumable` is missing, or not a version in `Tus-Version`.",
    ),
    **_all(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        request_too_large="The body is above `details.max_bytes` and was not read.",
        upload_too_large="The file is above `details.max_bytes`.",
    ),
    **_all(
        HTTPStatus.REQUEST_URI_TOO_LONG,
        uri_too_long="The address is longer than 8,190 characters, with method and version.",
    ),
    **_all(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        unsupported_media_type="This call does not accept a body of this media type.",
    ),
    **_all(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        range_not_satisfiable="The file ends before the `Range` begins.",
    ),
    **_all(
        HTTPStatus.TOO_MANY_REQUESTS,
        throttled="Too many calls: see `Retry-After`.",
        detection_under_way="Another call of yours to `detect/` is being answered.",
    ),
    **_all(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        headers_too_large="The headers have more than 64 KB.",
    ),
    **_all(HTTPStatus.INTERNAL_SERVER_ERROR, internal_error="An error on our side. It was logged."),
    **_all(
        HTTPStatus.NOT_IMPLEMENTED,
        not_implemented="The body has another transfer coding than `chunked`.",
    ),
    **_all(
        HTTPStatus.SERVICE_UNAVAILABLE,
        busy="The server is busy: try again.",
        model_unusable="The network cannot be loaded.",
        storage_unavailable="Photos cannot be stored or read at this moment: see `Retry-After`.",
        database_unavailable="The database is not available at this moment: see `Retry-After`.",
    ),
}

OF_EVERY_CALL = (
    "invalid", "bad_request", "not_authenticated", "authentication_failed", "permission_denied",
    "insufficient_scope", "not_acceptable", "request_timeout", "request_too_large", "uri_too_long",
    "throttled", "headers_too_large", "database_unavailable",
)  # fmt: skip
OF_CALLS_WITH_A_BODY = ("parse_error", "unsupported_media_type")
OF_ONE_FILE = (
    "empty_file", "corrupt_image", "unsupported_format", "file_too_large", "image_too_large",
    "too_many_scans", "too_many_frames",
)  # fmt: skip
OF_FILES = (
    *OF_ONE_FILE, "name_too_long", "no_image_accepted", "too_many_files", "quota_exceeded", "busy",
    "storage_unavailable",
    "corrupt_archive", "unsafe_archive", "archive_too_large", "nested_archive", "locked_file",
    "unsupported_compression", "no_photo_in_archive", "account_gone",
)  # fmt: skip

OF_ONE_VIDEO = (
    "empty_file", "unsupported_format", "unsupported_container", "text_file", "document_file",
    "photo_file", "archive_file", "playlist", "file_too_large", "corrupt_video", "no_video_stream",
    "no_frames", "unknown_codec", "encrypted_video", "video_too_large", "video_too_long",
    "video_truncated", "false_duration", "video_too_costly",
)  # fmt: skip
OF_VIDEOS = (
    *OF_ONE_VIDEO, "name_too_long", "quota_exceeded", "busy", "storage_unavailable", "account_gone",
)  # fmt: skip

FAILURES = {
    **{
        code: PROBLEMS[code].meaning
        for code in dict.fromkeys((*OF_ONE_FILE, *OF_ONE_VIDEO, "file_missing", "internal_error"))
    },
    "timed_out": "It took too long.",
    "worker_lost": "It was interrupted several times.",
    "cancelled": "An administrator cancelled it.",
    "model_unusable": "The network could not be loaded.",
}
"""Codes in the `error` of a failed analysis, with their meaning."""

NOT_DRAWN = {
    "model_replaced": "An earlier network read the photo.",
    **{code: FAILURES[code] for code in ("corrupt_image", "file_missing", "internal_error")},
}
"""Codes in the `details.reason` of `explanation_failed`, with their meaning."""

ERRORS_EXTENSION = "x-error-codes"


def can_fail(*codes: str) -> dict[str, tuple[str, ...]]:
    """Return the codes of one call, besides those of every call, as `extensions` of its schema.

    Raises ValueError for a code that is not in `PROBLEMS`.
    """
    unknown = set(codes) - set(PROBLEMS)
    if unknown:
        raise ValueError(f"no such codes: {sorted(unknown)}")
    return {ERRORS_EXTENSION: codes}


def listed(meanings: Mapping[str, str]) -> str:
    """Return codes and meanings as a Markdown list."""
    return "\n".join(f"- `{code}`: {meaning}" for code, meaning in meanings.items())
