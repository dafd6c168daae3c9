"""Send the messages of segments that wait: a few at a time, for each is only a hint."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from detector.common import clock, dispatch
from detector.common.dispatch import TaskName
from detector.enums import Status
from detector.models import Video, VideoSegment
from detector.videos import linking, segments
from detector.webhooks import notify


def send_after_commit(video: Video) -> None:
    """Ask as many workers as may share a video, once the transaction is committed."""
    transaction.on_commit(lambda: _send(settings.VIDEO_WORKERS, video), robust=True)


def send_next() -> None:
    """Ask for the next segment that nobody was asked for: one was done."""
    _send(1)


def retry(video: Video) -> bool:
    """Queue what failed of a video again. Return whether it had failed and has its file."""
    with transaction.atomic():
        if not segments.retry(video):
            return False
        send_after_commit(video)
    return True


def sweep() -> int:
    """Queue abandoned segments again, finish what is done, and ask again for the next segments.

    Return how many messages were sent.
    """
    segments.release_abandoned()
    for video_id in linking.finish_stuck():
        notify.send_waiting(video_id)
    return _send(settings.VIDEO_WORKERS, stale=True)


def _send(count: int, video: Video | None = None, *, stale: bool = False) -> int:
    """Send a message for each of the next segments that need one. Return how many were sent.

    With `stale`, the next ones get another message if theirs may be lost.
    """
    now = clock.now()
    waiting = VideoSegment.objects.filter(status=Status.QUEUED, due_at__lte=now)
    if video is not None:
        waiting = waiting.filter(video=video)
    unsent = Q(sent_at=None)
    if stale:
        unsent |= Q(sent_at__lt=now - timedelta(seconds=settings.ANALYSIS_RESEND_AFTER))
    else:
        waiting = waiting.filter(unsent)
    sent = 0
    for segment_id in list(waiting.order_by("turn", "id").values_list("pk", flat=True)[:count]):
        # Mark before sending, so that only one of several senders sends.
        if not waiting.filter(unsent, pk=segment_id).update(sent_at=now):
            continue
        if not dispatch.send(TaskName.VIDEO, segment_id):
            VideoSegment.objects.filter(pk=segment_id).update(sent_at=None)
            break
        sent += 1
    return sent
