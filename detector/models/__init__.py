"""The data model, one file a concept."""

from detector.models.analysis import Analysis
from detector.models.api_token import ApiToken
from detector.models.audit import AuditEntry
from detector.models.explanation import Explanation
from detector.models.face import Face
from detector.models.fine_tune import FineTune
from detector.models.idempotency import IdempotentCall
from detector.models.live_session import LiveSession
from detector.models.model_version import ModelVersion
from detector.models.photo import Photo, PhotoTag
from detector.models.photo_text import PhotoText
from detector.models.reanalysis import Reanalysis
from detector.models.review import Review, ReviewCase
from detector.models.reviewed_export import ReviewedExport
from detector.models.shadow_face import ShadowFace
from detector.models.statistics import DailyEmotion, DailyPhotos, HourlyEmotion
from detector.models.user import User
from detector.models.video import (
    Video,
    VideoCorrection,
    VideoSegment,
    VideoStill,
    VideoTrack,
)
from detector.models.video_upload import VideoUpload, VideoUploadPart
from detector.models.webhook import WebhookDelivery, WebhookEndpoint
from detector.models.worker import WorkerHeartbeat

__all__ = [
    "Analysis",
    "ApiToken",
    "AuditEntry",
    "DailyEmotion",
    "DailyPhotos",
    "Explanation",
    "Face",
    "FineTune",
    "HourlyEmotion",
    "IdempotentCall",
    "LiveSession",
    "ModelVersion",
    "Photo",
    "PhotoTag",
    "PhotoText",
    "Reanalysis",
    "Review",
    "ReviewCase",
    "ReviewedExport",
    "ShadowFace",
    "User",
    "Video",
    "VideoCorrection",
    "VideoSegment",
    "VideoStill",
    "VideoTrack",
    "VideoUpload",
    "VideoUploadPart",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WorkerHeartbeat",
]
