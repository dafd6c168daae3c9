"""Uploads of videos in parts."""

from rest_framework import serializers

from detector.api.serializers.fields import MomentField
from detector.models import VideoUpload


class VideoUploadStateSerializer(serializers.Serializer[VideoUpload]):
    """An upload in parts, and how far it is."""

    id = serializers.UUIDField(help_text="Sorts by time.")
    created_at = MomentField(help_text="When it was begun.")
    expires_at = MomentField(help_text="When it is deleted, unless a part comes before that.")
    filename = serializers.CharField(help_text="Name of the file.")
    length = serializers.IntegerField(help_text="Bytes of the whole file.")
    offset = serializers.IntegerField(help_text="Bytes that are there.")
    video = serializers.UUIDField(
        source="video_id", allow_null=True, help_text="Id of the video; null until all is there."
    )
