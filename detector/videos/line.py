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


def place(owner_id: UUID) -> int:
    """Return the turn of the first segment of a video that joins the line now."""
    under_way = VideoSegment.objects.filter(status__in=UNDER_WAY)
    present = under_way.aggregate(turn=Min("turn"))["turn"]
    own = under_way.filter(video__owner=owner_id).aggregate(turn=Max("turn"))["turn"]
    return max(present or 0, 0 if own is None else own + 1)


def next_due() -> VideoSegment | None:
    """Return the segment whose turn it is, with its video and the time as `now`; None for none."""
    waiting = VideoSegment.objects.filter(
        status=Status.QUEUED,
        due_at__lte=clock.moment(),
        attempt__lt=settings.ANALYSIS_MAX_ATTEMPTS,
    )
    rows = waiting.select_related("video__owner", "video__model_version")
    return rows.annotate(now=clock.moment()).order_by("turn", "id").first()
