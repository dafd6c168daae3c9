"""Generated calls against a running server: `python -m detector.tests.e2e.fuzz [EXAMPLES]`.

schemathesis makes them from the project's own schema and checks every answer against it: no 5xx,
no status, header or body that the schema does not tell. The user has photos, tokens, webhooks with
deliveries and faces to review, so that calls on one of them find it: lists give their ids.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from detector.tests.e2e import pictures
from detector.tests.e2e.fuzz_hooks import HELD, OWN_TOKEN
from detector.tests.e2e.platform import NO_LIMITS, ROOT, SERVING, Platform, running

# Nothing listens there, so deliveries fail at once.
NOWHERE = "http://127.0.0.1:9/"
CONFIG = Path(__file__).with_name("schemathesis.toml")


@dataclass(frozen=True)
class Caller:
    """Who makes the calls: a token, and what the hooks must know of it; nobody without."""

    token: str = ""
    environment: dict[str, str] = field(default_factory=dict)


NOBODY = Caller()

SEED = f"""
import json
from datetime import timedelta
from django.utils import timezone
from detector.enums import Scope
from detector.models import Analysis, Face, User, VideoUpload, WebhookDelivery, WebhookEndpoint
from detector.accounts import tokens
from detector.operations import demo
from detector.reviews import consent as review_consent
fuzzer = User.objects.create_superuser("fuzzer", "fuzzer@example.com")
other = User.objects.create_user("other", "other@example.com")
review_consent.agree(other)
demo.seed(fuzzer, {{photos}})
failed = list(fuzzer.analyses.values_list("pk", flat=True)[: {{photos}} // 3])
Face.objects.filter(analysis__in=failed).delete()
Analysis.objects.filter(pk__in=failed).update(status="failed", error_code="timed_out")
for number in range(5):
    tokens.create_token(fuzzer, name=f"token {{{{number}}}}")
    hook = WebhookEndpoint.objects.create(owner=fuzzer, url={NOWHERE!r}, events=["analysis.done"])
    now = timezone.now()
    VideoUpload.objects.create(
        owner=fuzzer, filename="film.mp4", length=10**6, created_at=now,
        expires_at=now + timedelta(days=1),
    )
    WebhookDelivery.objects.create(
        endpoint=hook, photo=fuzzer.photos.first(), event="analysis.done", subject=hook.pk,
        created_at=now, due_at=now,
    )
own, secret = tokens.create_token(fuzzer, name="its own", scopes=list(Scope))
print(json.dumps([tokens.create_token(other, name="other")[1], secret, str(own.pk)]))
"""

HOLD = """
import json
from detector.models import User
from detector.reviews import verdicts
fuzzer = User.objects.get(username="fuzzer")
first = verdicts.next_case(fuzzer)
print(json.dumps([str(first.pk), str(verdicts.next_case(fuzzer, besides=[first.pk]).pk)]))
"""


def seed(platform: Platform, photos: int) -> Caller:
    """Create a reviewer with so many photos, and as many faces of another owner to review."""
    other, token, token_id = _told(platform, SEED.format(photos=photos))
    with platform.client(other) as client:
        for portrait in pictures.portraits(photos):
            files = {"images": ("portrait.jpg", portrait)}
            client.post("analyses/?wait=30", files=files).raise_for_status()
    held = dict(zip(HELD.values(), _told(platform, HOLD), strict=True))
    return Caller(token, {OWN_TOKEN: token_id, **held})


def _told(platform: Platform, program: str) -> list[str]:
    answer = platform.manage("shell", "--no-imports", "--command", program)
    told: list[str] = json.loads(answer.splitlines()[-1])
    return told


def fuzz(platform: Platform, caller: Caller, examples: int, *more: str) -> str:
    """Run it once and return the report. Raises AssertionError on a finding."""
    login = ["--header", f"Authorization: Bearer {caller.token}"] if caller.token else []
    program = str(Path(sys.executable).with_name("schemathesis"))
    options = [
        "--checks", "all", "--max-examples", str(examples), "--no-color",
        "--generation-deterministic", *login, *more,
    ]  # fmt: skip
    done = subprocess.run(
        [program, "--config-file", str(CONFIG), "run", f"{platform.url}/api/schema/", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=tempfile.gettempdir(),
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "detector.tests.e2e.fuzz_hooks",
            **caller.environment,
        },
    )
    report = done.stdout + done.stderr
    assert done.returncode == 0, report[-8000:]
    return report


def main() -> None:
    """Run at full length, anonymous and as a user."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Platform(Path(folder), SERVING, **NO_LIMITS)) as platform,
    ):
        for caller in (NOBODY, seed(platform, 30)):
            sys.stdout.write(fuzz(platform, caller, examples)[-1500:])


if __name__ == "__main__":
    main()
