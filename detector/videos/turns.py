"""Take a worker's turn: a photo if one waits, else one segment of a video, and what follows."""

from uuid import UUID

from detector.analyses import line as photo_line
from detector.analyses import turns as photo_turns
from detector.common import dispatch
from detector.common.dispatch import TaskName
from detector.videos import decoding, linking, pipeline, queueing
from detector.webhooks import notify


def take(segment_id: UUID) -> None:
    """Analyse a segment, unless a photo waits: then that, and the message goes to the end.

    So a photo waits for one segment at most, also where many videos are in line.
    """
    if photo_line.next_due() is not None:
        photo_turns.take()
        dispatch.send(TaskName.VIDEO, segment_id)
        return
    video_id = pipeline.run_next()
    if video_id is not None:
        # First, so that other workers have work while this one may finish the video.
        queueing.send_next()
        if linking.finish(video_id):
            decoding.drop()
        notify.send_waiting(video_id)
