"""The line of segments that wait: owners take turns, as with photos (`detector.analyses.line`).

A segment has the turn in which its owner comes to it: the first one the present turn, each further
one a turn later. So a short video is done soon although a long one of somebody else waits.
"""

from uuid import UUID

from django.conf import settings
from django.db.models import Max, Min

from detector.common import clock
from detector.enums import UNDER_WAY, Status
from detector.models import VideoSegment
from detector.videos import stretches
from detector.videos.stretches import Place


def place(owner_id: UUID) -> int:
    """Return the turn of the first segment of a video that joins the line now."""
    under_way = VideoSegment.objects.filter(status__in=UNDER_WAY)
    present = under_way.aggregate(turn=Min("turn"))["turn"]
    own = under_way.filter(video__owner=owner_id).aggregate(turn=Max("turn"))["turn"]
    return max(present or 0, 0 if own is None else own + 1)


def next_due(last: Place | None = None) -> VideoSegment | None:
    """Return the segment to analyse now, with its video and the time as `now`; None for none.

    It is one of the video whose turn it is: the one that follows on the `last` that this worker
    analysed, else one that leaves the others room to go on (`stretches.choose`).
    """
    waiting = VideoSegment.objects.filter(
        status=Status.QUEUED,
        due_at__lte=clock.moment(),
        attempt__lt=settings.ANALYSIS_MAX_ATTEMPTS,
    )
    rows = waiting.select_related("video__owner", "video__model_version")
    due = rows.annotate(now=clock.moment())
    first = due.order_by("turn", "id").first()
    if first is None:
        return None
    states = VideoSegment.objects.filter(video=first.video_id).order_by("index")
    after = last.segment if last and last.video_id == first.video_id else None
    chosen = stretches.choose(list(states.values_list("status", flat=True)), after)
    if chosen in (None, first.index):
        return first
    # One that is to be tried again later has no turn yet.
    return due.filter(video=first.video_id, index=chosen).first() or first


def pass_turn_of(claimed: VideoSegment) -> None:
    """Let the segment of the same video whose turn it was have the turn of a claimed one.

    So its owner has one turn less, and of the messages that were sent each has a segment.
    """
    earlier = VideoSegment.objects.filter(
        video=claimed.video_id, status=Status.QUEUED, turn__lt=claimed.turn
    )
    while (first := earlier.order_by("turn", "id").first()) is not None:
        same = VideoSegment.objects.filter(pk=first.pk, status=Status.QUEUED, turn=first.turn)
        if same.update(turn=claimed.turn, sent_at=claimed.sent_at):
            return
