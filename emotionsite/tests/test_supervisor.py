"""Two processes live and die together."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

FOREVER = "import time\nwhile True: time.sleep(0.1)"
PROGRAM = """
import sys
from emotionsite.supervisor import main
sys.exit(main([(name, [sys.executable, "-c", code]) for name, code in {commands!r}]))
"""


def start(folder: Path, **codes: str) -> "subprocess.Popen[str]":
    """A supervisor of these Python programs; each first leaves its process id in `folder`."""
    commands = [
        (name, f"import os; open({str(folder / name)!r}, 'w').write(str(os.getpid()))\n{code}")
        for name, code in codes.items()
    ]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(commands=commands)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def pid_of(folder: Path, name: str) -> int:
    for _ in range(200):
        text = (folder / name).read_text() if (folder / name).exists() else ""
        if text:
            return int(text)
        time.sleep(0.05)
    raise AssertionError(f"{name} did not start")


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_both_and_is_no_failure(tmp_path: Path, number: signal.Signals) -> None:
    program = start(tmp_path, web=FOREVER, worker=FOREVER)
    pids = [pid_of(tmp_path, name) for name in ("web", "worker")]
    program.send_signal(number)
    program.communicate(timeout=20)
    assert program.returncode == 0
    assert not any(lives(pid) for pid in pids)


@pytest.mark.parametrize("status", [0, 3])
def test_one_that_ends_takes_the_other_along(tmp_path: Path, status: int) -> None:
    code = f"import time; time.sleep(2); raise SystemExit({status})"
    program = start(tmp_path, web=code, worker=FOREVER)
    worker = pid_of(tmp_path, "worker")
    out, _ = program.communicate(timeout=20)
    assert program.returncode == 1
    assert f"web ended by itself ({status})" in out
    assert not lives(worker)


def test_a_killed_one_takes_the_other_along(tmp_path: Path) -> None:
    program = start(tmp_path, web=FOREVER, worker=FOREVER)
    web = pid_of(tmp_path, "web")
    os.kill(pid_of(tmp_path, "worker"), signal.SIGKILL)
    program.communicate(timeout=20)
    assert program.returncode == 1
    assert not lives(web)


def test_children_left_behind_are_ended(tmp_path: Path) -> None:
    child = tmp_path / "child"
    code = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c",
    "import os; open({str(child)!r}, 'w').write(str(os.getpid()))\\nimport time; time.sleep(600)"])
{FOREVER}
"""
    program = start(tmp_path, web=code, worker=FOREVER)
    left = pid_of(tmp_path, "child")
    os.kill(pid_of(tmp_path, "web"), signal.SIGKILL)
    program.communicate(timeout=20)
    for _ in range(50):
        if not lives(left):
            break
        time.sleep(0.05)
    else:
        pytest.fail("the child lives on")


def test_a_job_under_way_is_finished(tmp_path: Path) -> None:
    code = f"""
import signal, sys, time
def finish(*_):
    time.sleep(1)
    open({str(tmp_path / "finished")!r}, "w").close()
    sys.exit(0)
signal.signal(signal.SIGTERM, finish)
open({str(tmp_path / "armed")!r}, "w").write("1")
{FOREVER}
"""
    program = start(tmp_path, web=FOREVER, worker=code)
    assert pid_of(tmp_path, "armed") == 1
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=20)
    assert (tmp_path / "finished").exists()
