"""An example of each component of the OpenAPI schema, by its name."""

from typing import Any

from detector.enums import Emotion

ID = "0199f3c2-7d1e-7a64-9c5b-3f2a8e6d1b40"
OTHER_ID = "0199f3c2-8f10-7b1c-8d4e-6a7b9c0d1e2f"
ADDRESS = f"https://emotions.example/api/v1/analyses/{ID}/"
SHA256 = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"
MOMENT, LATER = "2026-05-04T12:00:00.000000Z", "2026-05-04T12:00:01.250000Z"

PROBABILITIES = {
    "angry": 0.01, "disgust": 0.01, "fear": 0.01, "happy": 0.9, "sad": 0.01, "surprise": 0.02,
    "neutral": 0.04,
}  # fmt: skip
FACE = {
    "index": 0,
    "box": {"x": 412.5, "y": 180.0, "width": 240.0, "height": 288.0},
    "landmarks": [[470.1, 290.4], [585.9, 288.2], [530.0, 350.7], [480.3, 405.5], [578.8, 403.9]],
    "detection_score": 0.98,
    "quality": {
        "face_size": 240.0, "sharpness": 312.5, "brightness": 128.4, "contrast": 51.2,
        "roll": -1.1, "turn": 0.05, "outside": 0.0, "flags": [],
    },
    "emotion": "happy",
    "confidence": 0.9,
    "uncertain": False,
    "probabilities": PROBABILITIES,
    "reviewed_emotion": None,
}  # fmt: skip
ERROR = {
    "code": "unsupported_format",
    "message": "This is not an image we can read.",
    "details": {},
}
ANALYSIS = {
    "id": ID,
    "current": ID,
    "status": "done",
    "created_at": MOMENT,
    "captured_at": None,
    "filename": "portrait.jpg",
    "source": "api",
    "image": {
        "url": f"{ADDRESS}image/",
        "width": 1024, "height": 768, "sha256": SHA256, "frame": None,
        "forgotten_at": None,
    },
    "model": {"name": "v4", "sha256": SHA256},
    "faces": [FACE],
    "dominant_emotion": "happy",
    "face_count": 1,
    "error": None,
    "timings_ms": {"normalise": 21.4, "detect": 48.0, "classify": 9.3},
    "note": "At the lake",
    "tags": ["lake"],
    "felt_emotion": "happy",
    "withheld": False,
}  # fmt: skip
DETECTION = {
    "image": {"width": 1024, "height": 768, "sha256": SHA256},
    "model": ANALYSIS["model"],
    "faces": [FACE],
    "dominant_emotion": "happy",
    "face_count": 1,
    "timings_ms": ANALYSIS["timings_ms"],
    "stored": False,
}  # fmt: skip
ANNOTATION = {"note": "At the lake", "tags": ["lake"], "felt_emotion": "happy"}
REQUEST = {"request_id": "0f6b3c1de2a84b7f9c5d1a2b3c4d5e6f"}
REJECTION = {"filename": "notes.txt", "error": ERROR}

LIVE_WORDS = {"name": "Call with Kim", "note": "", "felt_emotion": "happy"}
LIVE_CORRECTION = {"face": 1, "first": 0, "until": 1, "emotion": "neutral"}
LIVE_SERIES = {
    "started_at": MOMENT, "seconds": 2, "model": "v9",
    "faces": [
        {"first": 0, "rows": [[10, 0, 0, 470, 20, 0, 500, 1], [0, 0, 0, 960, 10, 10, 20, 0]]},
    ],
}  # fmt: skip
LIVE_SESSION = {
    **LIVE_WORDS, "id": ID, "started_at": MOMENT, "seconds": 2, "model": "v9",
    "totals": {**dict.fromkeys(Emotion.values, 0), "happy": 1, "neutral": 1},
    "uncertain_seconds": 0,
}  # fmt: skip

RATE = {"calls": 600, "seconds": 60}
ME = {
    "id": OTHER_ID,
    "username": "kim",
    "email": "kim@example.com",
    "time_zone": "Europe/Berlin",
    "forget_pictures": False,
    "scopes": ["read", "write"],
    "usage": {"photos": 812, "videos": 3, "bytes": 402_653_184},
    "limits": {
        "photos": 100_000, "videos": 1_000, "bytes": 53_687_091_200, "image_bytes": 52_428_800,
        "image_pixels": 65_000_000, "video_bytes": 524_288_000, "video_seconds": 1800,
        "video_uploads": 10, "images_a_call": 100, "request_bytes": 268_435_456,
        "wait_seconds": 30, "token_days": 365,
        "rates": {"user": RATE, "token": RATE, "uploads": RATE, "detect": RATE},
    },
}  # fmt: skip
MODEL_VERSION = {
    "name": "v4",
    "sha256": SHA256,
    "status": "active",
    "created_at": MOMENT,
    "manifest": {"temperature": 1.1},
}

SHARE = {"faces": 1, "share": 0.142857, "mean_confidence": 0.81}
SHARES = dict.fromkeys(Emotion.values, SHARE)
SUMMARY = {
    "photos": 9, "faces": 7, "uncertain": 1, "corrected": 1, "waiting": 0, "failed": 0,
    "without_face": 3, "first_day": "2026-05-01", "last_day": "2026-05-04", "emotions": SHARES,
}  # fmt: skip
TIMELINE = {
    "bucket": "day",
    "points": [{"start": "2026-05-04", "faces": dict.fromkeys(Emotion.values, 1)}],
}
CALENDAR = {
    "year": 2026,
    "days": [
        {"day": "2026-05-04", "faces": 7, "dominant_emotion": "happy", "dominant_faces": 4},
    ],
}
PERIOD = {
    "from": "2026-04-01", "to": "2026-04-30", "faces": 7, "emotions": SHARES, "models": ["v4"],
}  # fmt: skip
COMPARISON = {
    "first": PERIOD,
    "second": {**PERIOD, "from": "2026-05-01", "to": "2026-05-31"},
    "comparable": True,
}

TOKEN_WISH = {"name": "kiosk", "scopes": ["write"], "expires_at": LATER}
TOKEN = {
    "id": ID, "name": "kiosk", "scopes": ["write"], "created_at": MOMENT, "expires_at": LATER,
    "last_used_at": None,
}  # fmt: skip
WEBHOOK_WISH = {
    "url": "https://hooks.example.com/emotions",
    "events": ["analysis.done", "analysis.failed"],
    "description": "kiosk",
}
WEBHOOK = {
    **WEBHOOK_WISH, "id": ID, "created_at": MOMENT, "failures": 0, "failing_since": None,
    "disabled_at": None, "disabled_reason": "",
}  # fmt: skip
DELIVERY = {
    "id": OTHER_ID, "event": "analysis.done", "subject": ID,
    "payload": f'{{"type":"analysis.done","timestamp":"{LATER}","data":{{}}}}',
    "status": "delivered", "attempts": 1, "created_at": MOMENT, "due_at": MOMENT,
    "finished_at": LATER, "response_status": 204, "response_body": "", "error": "",
}  # fmt: skip

CASE = {
    "id": ID, "claimed_until": LATER,
    "image": f"https://emotions.example/api/v1/reviews/queue/{ID}/image/",
    "width": 1024, "height": 768, "box": FACE["box"],
}  # fmt: skip
VERDICT = {"case": ID, "verdict": "happy", "comment": "", "seconds": 2.5}

ANALYSIS_EVENT = {
    "type": "analysis.done",
    "timestamp": LATER,
    "data": {
        "id": ID, "status": "done", "url": ADDRESS, "face_count": 1,
        "dominant_emotion": "happy", "error": None,
    },
}  # fmt: skip
VIDEO_ADDRESS = f"https://emotions.example/api/v1/videos/{ID}/"
STILL = {
    "time": 1.4, "emotion": "happy", "confidence": 0.97, "url": f"{VIDEO_ADDRESS}stills/1/",
}  # fmt: skip
TRACK = {
    "index": 0, "start": 0.0, "end": 12.0, "sightings": 58, "seconds": 11.6, "emotion": "happy",
    "shares": {**dict.fromkeys(Emotion.values, 0.0), "happy": 0.75, "neutral": 0.2},
    "uncertain": 0.05, "changes": 3, "stills": [STILL],
}  # fmt: skip
VIDEO = {
    "id": ID, "status": "done", "created_at": MOMENT, "filename": "walk.mp4", "sha256": SHA256,
    "format": "MP4", "codec": "h264", "duration": 12.0, "frame_rate": 30.0, "width": 1280,
    "height": 720, "rate": 5.0, "has_file": True, "progress": {"percent": 100, "seconds_left": 0},
    "model": {"name": "v4", "sha256": SHA256}, "frame_count": 60, "seconds_with_face": 11.6,
    "tracks": [TRACK],
    "stills": [{**STILL, "time": 0.0, "emotion": None, "confidence": None}],
    "error": None, "withheld": False,
}  # fmt: skip
SPAN = {"start": 2.0, "end": 4.5, "emotion": "neutral"}
BAND = {"start": 0, "end": 2, "emotion": "happy", "uncertain": False, "corrected": False}
LANE = {
    "index": 0, "start": 0.0, "end": 0.2, "emotion": "happy",
    "summary": {
        "seconds": 0.2, "shares": TRACK["shares"], "uncertain": 0.0, "changes": 0,
        "bands": [BAND], "gaps": [],
        "peaks": [{"time": 0.0, "emotion": "happy", "confidence": 0.9}],
    },
    "corrections": [{"id": OTHER_ID, **SPAN}],
    "frames": {
        "times": [0.0], "boxes": [[412.5, 180.0, 240.0, 288.0]], "scores": [0.98],
        "probabilities": [list(PROBABILITIES.values())], "emotions": ["happy"],
        "uncertain": [False], "corrected": [False],
    },
}  # fmt: skip
VIDEO_UPLOAD = {
    "id": ID, "created_at": MOMENT, "expires_at": "2026-05-05T12:00:00.000000Z",
    "filename": "walk.mp4", "length": 104_857_600, "offset": 8_388_608, "video": None,
}  # fmt: skip
VIDEO_TIMELINE = {
    "video": ID, "duration": 12.0, "rate": 5.0, "width": 1280, "height": 720,
    "emotions": list(PROBABILITIES), "times": [0.0, 0.2], "tracks": [LANE],
}  # fmt: skip
VIDEO_EVENT = {
    "type": "video.done",
    "timestamp": LATER,
    "data": {
        "id": ID, "status": "done", "url": VIDEO_ADDRESS, "duration": 12.0, "track_count": 1,
        "error": None,
    },
}  # fmt: skip
REVIEW_EVENT = {
    "type": "review.created",
    "timestamp": LATER,
    "data": {
        "id": OTHER_ID, "kind": "reviewer", "verdict": "surprise", "analysis": ID,
        "url": ADDRESS, "face_index": 0, "reviewed_emotion": "surprise",
    },
}  # fmt: skip

EXAMPLES: dict[str, Any] = {
    "Analysis": ANALYSIS,
    "AnalysisEvent": ANALYSIS_EVENT,
    "Calendar": CALENDAR,
    "Comparison": COMPARISON,
    "Delivery": DELIVERY,
    "Detection": DETECTION,
    "ErrorEnvelope": {"error": {**ERROR, **REQUEST}},
    "LiveSession": LIVE_SESSION,
    "LiveSessionDetail": {
        **LIVE_SESSION,
        "faces": LIVE_SERIES["faces"],
        "corrections": [LIVE_CORRECTION],
    },
    "LiveSessionWishRequest": {**LIVE_WORDS, **LIVE_SERIES},
    "Me": ME,
    "ModelVersion": MODEL_VERSION,
    "NewToken": {**TOKEN, "token": "shown once, sent as a bearer token"},
    "NewWebhook": {**WEBHOOK, "secret": "whsec_shown_once"},
    "NewReviewRequest": VERDICT,
    "PatchedAnnotationRequest": ANNOTATION,
    "PatchedLiveSessionChangeRequest": {"corrections": [LIVE_CORRECTION]},
    "PatchedWebhookChangeRequest": {"disabled": False},
    "Review": {**VERDICT, "id": OTHER_ID, "kind": "reviewer", "created_at": MOMENT},
    "ReviewEvent": REVIEW_EVENT,
    "ReviewQueue": {"left": 12, "case": CASE},
    "Submission": {"accepted": [ANALYSIS], "rejected": [REJECTION]},
    "Summary": SUMMARY,
    "Timeline": TIMELINE,
    "Token": TOKEN,
    "TokenWishRequest": TOKEN_WISH,
    "CorrectionRequest": SPAN,
    "Lane": LANE,
    "Video": VIDEO,
    "VideoEvent": VIDEO_EVENT,
    "VideoTimeline": VIDEO_TIMELINE,
    "VideoUploadState": VIDEO_UPLOAD,
    "Waiting": {"status": "waiting"},
    "Webhook": WEBHOOK,
    "WebhookWishRequest": WEBHOOK_WISH,
}
