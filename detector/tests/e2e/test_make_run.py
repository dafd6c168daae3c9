"""The one command of the README."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from detector.tests.e2e.platform import MARKERS, ONE_SLOT, ROOT, Platform, until
from detector.tests.services_needed import need_program

pytestmark = pytest.mark.e2e


def test_make_run_serves_on_port_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    platform = Platform(tmp_path, (), **ONE_SLOT)
    with platform.log.open("wb") as log:
        process = subprocess.Popen(
            [need_program("make"), "run", f"PORT={platform.port}"],
            cwd=ROOT,
            env=platform.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    platform.process = process
    try:
        until(platform.is_ready, 120, "Readiness")
        assert f"EmotionSite runs at {platform.url}" in platform.log.read_text()
        # Caretaker and background worker start some seconds after the others.
        until(lambda: all(map(platform.children, MARKERS)), 30, "Every part")
        parts = [platform.children(part) for part in MARKERS]
        family = [pid for part in parts for pid in part]
        page = httpx.get(platform.url, timeout=30)
        assert "/accounts/signup/" in page.text
        key = tmp_path / "var" / "secret_key"
        assert key.stat().st_mode & 0o777 == 0o600
        # As a terminal does: to all processes in the foreground.
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert all(parts)
    assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]
    with pytest.raises(httpx.ConnectError):
        httpx.get(platform.url)


def test_port_in_use_is_said_at_once(tmp_path: Path) -> None:
    platform = Platform(tmp_path)
    platform.make_database()
    with socket.create_server(("127.0.0.1", platform.port)):
        done = _refused(platform)
    assert done.returncode != 0
    assert f"port {platform.port} is in use" in done.stdout


def _refused(platform: Platform) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [need_program("make"), "run", f"PORT={platform.port}"],
        cwd=ROOT,
        env=platform.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
