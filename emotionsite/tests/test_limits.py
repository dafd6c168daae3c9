"""No task runs longer than its time limit."""

import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from emotionsite import celery
from emotionsite.processes.limits import limited
from emotionsite.processes.pool import SlotPool


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> SlotPool:
    """Return a pool that loads no model."""
    monkeypatch.setattr(celery, "reads_photos", lambda: False)
    pool = SlotPool()
    pool.start()
    return pool


def test_the_soft_limit_raises_in_the_work() -> None:
    with pytest.raises(SoftTimeLimitExceeded), limited(0.05, None):
        time.sleep(10)


def test_the_standard_error_may_be_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", object())
    with limited(None, 60):
        pass


def test_what_ends_in_time_is_left_alone() -> None:
    earlier = signal.getsignal(signal.SIGALRM)
    with limited(1, 60):
        pass
    time.sleep(1.1)
    assert signal.getsignal(signal.SIGALRM) == earlier
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_the_hard_limit_ends_the_process_in_the_middle_of_c_code() -> None:
    # A call of C that keeps Python's lock: no other thread and no signal handler gets a turn.
    program = (
        "import ctypes\nfrom emotionsite.processes.limits import limited\n"
        "with limited(None, 0.5): ctypes.PyDLL(None).sleep(60)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert "Timeout" in done.stderr


def test_the_pool_keeps_the_limits_of_a_task(pool: SlotPool) -> None:
    outcome: list[Any] = []

    def work() -> str:
        try:
            time.sleep(10)
        except SoftTimeLimitExceeded:
            return "too long"
        return "done"

    pool.apply_async(work, soft_timeout=0.05, timeout=60, callback=outcome.append)
    assert outcome == ["too long"]


def test_a_limit_that_comes_after_the_work_does_no_harm(pool: SlotPool) -> None:
    def late() -> None:
        raise SoftTimeLimitExceeded

    pool.apply_async(late, soft_timeout=60, timeout=60, callback=lambda _: None)
