"""Check from inside what web and worker import."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from detector.tests.e2e.platform import ROOT, Platform

pytestmark = pytest.mark.e2e

JOB = """
import json, sys
import django
django.setup()
every = sorted(sys.modules)
from django.core.files.uploadedfile import SimpleUploadedFile
from detector.enums import Source
from detector.models import Analysis, User
from detector.analyses import submission
import emotionsite.urls
import emotionsite.wsgi
user = User.objects.create(username="u")
photo = SimpleUploadedFile("a.jpg", sys.stdin.buffer.read())
[analysis] = submission.submit(user, [photo], Source.WEB).accepted
web = sorted(sys.modules)
from emotionsite.celery import load_model
load_model()
from detector.tasks import analyse
analyse(str(analysis.pk))
analysis.refresh_from_db()
print(json.dumps({
    "status": analysis.status, "faces": analysis.faces.count(),
    "every": every, "web": web, "worker": sorted(sys.modules),
}))
"""


def test_neither_imports_tensorflow(tmp_path: Path, portrait: bytes) -> None:
    platform = Platform(tmp_path)
    platform.make_database()
    environment = {
        **platform.environment,
        "DJANGO_SETTINGS_MODULE": "emotionsite.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", JOB],
        input=portrait,
        env=environment,
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["status"], result["faces"]) == ("done", 1)
    for modules in (result["web"], result["worker"]):
        assert "tensorflow" not in modules
        assert "keras" not in modules
        assert "ml.training" not in modules
    # The web process does not even load the serving runtime.
    for name in ("ml.inference", "onnxruntime", "cv2"):
        assert name not in result["web"]
    assert "ml.inference" in result["worker"]
    # What only pages need, no other process waits for at its start.
    for name in ("detector.admin", "detector.api", "rest_framework.views", "redis"):
        assert name not in result["every"], name
