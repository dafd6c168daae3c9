"""Settings of production, as docs/operations.md describes them, leave no check to complain."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "x1!" * 20 + "abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "faces.example",
    "SITE_URL": "https://faces.example",
    "EMAIL_URL": "smtp+tls://user:password@mail.example:587",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "TRUSTED_PROXIES": "1",
    "STAFF_MFA": "true",
}


def test_production_has_nothing_to_complain_of(tmp_path: Path) -> None:
    # Without the database: these checks are of settings.
    checks = "from django.core.management import call_command; import django; django.setup(); "
    checks += "call_command('check', deploy=True, fail_level='INFO'); "
    checks += "from django.conf import settings; print(settings.DEFAULT_FROM_EMAIL)"
    environment = {
        "PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "emotionsite.settings",
        "VAR_DIR": str(tmp_path), **PRODUCTION,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", checks],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    # No mail server takes mail of localhost.
    assert done.stdout.splitlines()[-1] == "EmotionSite <no-reply@faces.example>"
