"""Runs the platform as its users run it: real server, real worker, real weights."""

import atexit
import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx

from detector.tests.e2e.console import Console

ROOT = Path(__file__).parents[3]
DATABASE = "emotionsite.sqlite3"
MANAGE = [sys.executable, str(ROOT / "manage.py")]
# What the checks would say of the installation is no matter for an empty database.
MIGRATE = ["migrate", "--skip-checks", "--verbosity", "0"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait until `condition` gives something true, and return that.

    Asks every tenth of a second at first. What takes long is asked less often, since the answers
    would slow it down: pauses are a twentieth of what was waited for, at most a second.
    """
    began = time.monotonic()
    while (waited := time.monotonic() - began) < seconds:
        found = condition()
        if found:
            return found
        time.sleep(min(max(0.1, waited / 20), 1.0))
    raise AssertionError(f"{what} did not happen within {seconds} s")


TOKEN = """
from django.core.management import call_command
call_command(
    "createsuperuser", interactive=False, verbosity=0,
    username="{user}", email="{user}@example.com",
)
call_command("create_api_token", "{user}")
"""

# Parts for a test that neither fine-tunes nor analyses in the background, and one slot where no
# photo has to wait for another: each process takes a second or two to start.
SERVING = ("web", "worker")
ONE_SLOT = {"WORKER_CONCURRENCY": "1"}

# For whoever makes thousands of calls from one address, and receives webhooks at it.
NO_LIMITS = {
    f"API_THROTTLE_{name}": "1000000/min" for name in ("ANON", "USER", "TOKEN", "UPLOADS", "FAILED")
} | {"WEBHOOK_ALLOWED_HOSTS": "127.0.0.1"}

# What the command lines of each part's processes, and of no others, contain.
MARKERS = {
    "web": "emotionsite.web",
    "worker": "--hostname slot",
    "caretaker": "emotionsite.caretaker",
    "background": "--hostname background",
    "lifeline": "lifeline.py",
}


@functools.cache
def _migrated() -> Path:
    """Create a new database once: migrating takes longer than the rest of a start."""
    folder = Path(tempfile.mkdtemp(prefix="emotionsite-"))
    atexit.register(shutil.rmtree, folder)
    environment = {**_inherited(), "VAR_DIR": str(folder)}
    subprocess.run([*MANAGE, *MIGRATE], env=environment, check=True)
    return folder / DATABASE


def _inherited() -> dict[str, str]:
    """Return the environment without variables that choose another installation."""
    chosen = ("REDIS_URL", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in os.environ.items() if name not in chosen}


class Platform:
    """One installation with its data in `folder`; `environment` chooses its services.

    `parts` are those of the supervisor that are started; without names, all.
    """

    program = ("emotionsite.supervisor",)
    markers = MARKERS

    def __init__(self, folder: Path, parts: tuple[str, ...] = (), **environment: str) -> None:
        self.folder = folder
        self.parts = parts
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"
        self.log = folder / "log.txt"
        self.environment = {
            **_inherited(),
            "VAR_DIR": str(folder / "var"),
            "PORT": str(self.port),
            "SWEEP_INTERVAL": "2",
            "ANALYSIS_LEASE": "5",
            "ANALYSIS_RESEND_AFTER": "3",
            "API_THROTTLE_ANON": "10000/min",
            "API_THROTTLE_FAILED": "10000/min",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.console: Console | None = None

    def manage(self, *arguments: str, **environment: str) -> str:
        """Returns what a management command prints."""
        self.console = self.console or Console(ROOT, self.environment)
        return self.console.run([*arguments], environment).strip()

    def make_database(self) -> None:
        """Make an empty database where there is none."""
        if "DATABASE_URL" in self.environment:
            self.manage(*MIGRATE)
            return
        folder = Path(self.environment["VAR_DIR"])
        folder.mkdir(mode=0o700, exist_ok=True)
        if not (folder / DATABASE).exists():
            shutil.copyfile(_migrated(), folder / DATABASE)

    def start(self) -> None:
        self.make_database()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.program, *self.parts],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            until(self.is_ready, 120, "Readiness")
        except AssertionError as error:
            self.stop()
            raise AssertionError(f"{error}:\n{self.log.read_text()[-3000:]}") from error

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        return self.answers()

    def answers(self) -> bool:
        """Return whether the platform says that it is ready."""
        # Asked again and again: httpx would load the certificates of TLS each time.
        with closing(HTTPConnection(self.host, timeout=5)) as connection:
            try:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == 200
            except (OSError, HTTPException):
                return False

    def stop(self) -> int:
        """Stop it as Ctrl-C does. Return the exit status."""
        if self.console is not None:
            self.console.close()
            self.console = None
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(40)

    def family(self) -> list[int]:
        """Process ids of the supervisor and of all that it started, parents first."""
        assert self.process is not None
        return [self.process.pid, *descendants(self.process.pid)]

    def children(self, name: str) -> list[int]:
        """Process ids of a part of the platform; a main process comes before its children."""
        marker = self.markers[name]
        return [pid for pid in self.family() if marker in command_line(pid)]

    def token(self, user: str, password: str = "") -> str:
        """Return a token of a new user, who logs in with this password, or not at all."""
        program = TOKEN.format(user=user)
        given = {"DJANGO_SUPERUSER_PASSWORD": password} if password else {}
        return self.manage("shell", "--no-imports", "--command", program, **given)

    def client(self, token: str) -> httpx.Client:
        return httpx.Client(
            base_url=f"{self.url}/api/v1/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )


class _Service(Protocol):
    def start(self) -> None: ...

    def stop(self) -> object: ...


ServiceT = TypeVar("ServiceT", bound=_Service)


@contextmanager
def running(service: ServiceT) -> Iterator[ServiceT]:
    """Start a service, such as a platform, and stop it after the block."""
    service.start()
    try:
        yield service
    finally:
        service.stop()


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def descendants(pid: int) -> list[int]:
    """Return the process ids of all descendants, parents before their children."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    found = []
    for child in map(int, text.split()):
        found += [child, *descendants(child)]
    return found
