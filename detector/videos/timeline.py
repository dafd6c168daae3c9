"""The timeline of a video: its tracks with all sightings, and what the owner corrected."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch

from detector.models import Video, VideoCorrection, VideoTrack
from detector.videos import observations, summaries
from detector.videos.observations import EMOTIONS, Observation


@dataclass
class Lane:
    """A track with its sightings in the order of time, and the corrections of its owner."""

    track: VideoTrack
    found: list[Observation]
    corrections: list[VideoCorrection] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; sightings are columns of equal length."""
        labels = [summaries.label_of(each, self.corrections) for each in self.found]
        return {
            "index": self.track.index,
            "start": self.track.start,
            "end": self.track.end,
            "emotion": self.track.emotion,
            "summary": self.track.summary,
            "corrections": [
                {
                    "id": str(correction.pk),
                    "start": correction.start,
                    "end": correction.end,
                    "emotion": correction.emotion or None,
                }
                for correction in self.corrections
            ],
            "frames": {
                **observations.as_columns(self.found),
                "emotions": [label.emotion for label in labels],
                "uncertain": [label.uncertain for label in labels],
                "corrected": [label.corrected for label in labels],
            },
        }


def lanes_of(video: Video) -> list[Lane]:
    """Return the tracks of a finished video with their sightings."""
    found: dict[int, list[Observation]] = defaultdict(list)
    segments = video.segments.only("index", "observations", "tracks").order_by("index")
    for _, faces in observations.frames_of(list(segments)):
        for face in faces:
            if face.track is not None:
                found[face.track].append(face)
    # The latest counts. Ordered by the database's clock: ids come from the clocks of hosts.
    said = VideoCorrection.objects.order_by("created_at", "id")
    tracks = video.tracks.prefetch_related(Prefetch("corrections", said))
    return [Lane(track, found[track.index], list(track.corrections.all())) for track in tracks]


def as_dict(video: Video) -> dict[str, Any]:
    """Return the timeline of a finished video, plain values for JSON.

    `times` are those of all frames that were analysed: a face that is missing there was not seen.
    """
    segments = video.segments.only("index", "observations").order_by("index")
    return {
        "video": str(video.pk),
        "duration": video.duration,
        "rate": video.rate,
        "width": video.width,
        "height": video.height,
        "emotions": list(EMOTIONS),
        "times": [time for segment in segments for time, _ in segment.observations],
        "tracks": [lane.as_dict() for lane in lanes_of(video)],
    }
