"""Dead processes are restarted, hopeless ones stop the platform, and nothing is left behind."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from celery.bin.worker import WorkersPool

from emotionsite import supervisor
from emotionsite.celery import app
from emotionsite.processes import programs
from emotionsite.processes.pool import SlotPool
from emotionsite.processes.programs import Program
from emotionsite.supervisor import MAX_QUICK_DEATHS, Child, Supervisor

FOREVER = "import time\nwhile True: time.sleep(0.1)"
PROGRAM = """
import sys
from emotionsite import supervisor
from emotionsite.processes.programs import Program
supervisor.FIRST_WAIT = supervisor.MAX_WAIT = 0.05
supervisor.RENEWAL_SECONDS = 0.3
wanted = [
    Program(
        name, [sys.executable, "-c", code], ends_all=name == "web", takes_work="slot" in name
    )
    for name, code in {commands!r}
]
sys.exit(supervisor.Supervisor(wanted).run())
"""


def start(folder: Path, **codes: str) -> "subprocess.Popen[str]":
    """Start a supervisor of these Python programs. Each writes its process id to `folder`."""
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


def pid_of(folder: Path, name: str, *, other_than: int = 0) -> int:
    for _ in range(400):
        text = (folder / name).read_text() if (folder / name).exists() else ""
        if text and int(text) != other_than:
            return int(text)
        time.sleep(0.05)
    raise AssertionError(f"{name} did not start")


def once_there(file: Path) -> str:
    """Return a program that waits for a file."""
    return f"import os, time\nwhile not os.path.exists({str(file)!r}): time.sleep(0.05)\n"


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # What nobody has waited for yet, in a container without an init process, is dead as well.
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def soon(condition: Callable[[], bool]) -> bool:
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_and_is_no_failure(tmp_path: Path, number: signal.Signals) -> None:
    program = start(tmp_path, web=FOREVER, slot1=FOREVER)
    pids = [pid_of(tmp_path, name) for name in ("web", "slot1")]
    program.send_signal(number)
    program.communicate(timeout=20)
    assert program.returncode == 0
    assert not any(lives(pid) for pid in pids)


@pytest.mark.parametrize("status", [0, 3])
def test_web_that_ends_takes_the_others_along(tmp_path: Path, status: int) -> None:
    code = f"{once_there(tmp_path / 'slot1')}raise SystemExit({status})"
    program = start(tmp_path, web=code, slot1=FOREVER)
    slot = pid_of(tmp_path, "slot1")
    out, _ = program.communicate(timeout=20)
    assert program.returncode == 1
    assert f"web ended by itself ({status})" in out
    assert not lives(slot)


def test_whoever_is_killed_is_started_again_however_often(tmp_path: Path) -> None:
    program = start(tmp_path, web=FOREVER, slot1=FOREVER)
    web, slot = pid_of(tmp_path, "web"), 0
    for _ in range(8):
        slot = pid_of(tmp_path, "slot1", other_than=slot)
        os.kill(slot, signal.SIGKILL)
    slot = pid_of(tmp_path, "slot1", other_than=slot)
    assert lives(web)
    program.send_signal(signal.SIGINT)
    out, _ = program.communicate(timeout=20)
    assert program.returncode == 0
    assert out.count("slot1 ended by itself (-9), starting it again") == 8
    assert not lives(slot)


def test_whoever_dies_again_and_again_by_its_own_fault_ends_all(tmp_path: Path) -> None:
    program = start(tmp_path, web=FOREVER, slot1="raise SystemExit(1)")
    out, _ = program.communicate(timeout=30)
    assert program.returncode == 1
    assert out.count("starting it again") == 4
    assert not lives(pid_of(tmp_path, "web"))


def test_what_cannot_start_is_not_tried_again(tmp_path: Path) -> None:
    program = start(tmp_path, web=FOREVER, slot1=f"raise SystemExit({programs.CANNOT_START})")
    out, _ = program.communicate(timeout=20)
    assert program.returncode == 1
    assert "again" not in out


def test_the_caretaker_has_those_made_anew_that_take_work(tmp_path: Path) -> None:
    once = tmp_path / "once"
    stopped = f"""
import os, signal
if not os.path.exists({str(once)!r}):
    os.kill(os.getpid(), signal.SIGSTOP)
{FOREVER}
"""
    asks = f"""
{once_there(tmp_path / "known")}
if not os.path.exists({str(once)!r}):
    open({str(once)!r}, "w").close()
    raise SystemExit({programs.RENEW})
{FOREVER}
"""
    program = start(tmp_path, web=FOREVER, slot1=stopped, caretaker=asks)
    web, slot = pid_of(tmp_path, "web"), pid_of(tmp_path, "slot1")
    (tmp_path / "known").touch()
    pid_of(tmp_path, "slot1", other_than=slot)
    assert not lives(slot)
    assert lives(web)
    program.send_signal(signal.SIGINT)
    out, _ = program.communicate(timeout=40)
    assert program.returncode == 0
    assert "work waits and is not taken" in out


def test_a_caretaker_that_asks_again_and_again_is_not_at_fault() -> None:
    caretaker = Child(Program("caretaker", []))
    for number in range(2 * MAX_QUICK_DEATHS):
        caretaker.note_death(programs.RENEW, float(number))
    assert caretaker.own_faults == 0
    caretaker.note_death(1, 1.0)
    assert caretaker.own_faults == 1


def test_a_worker_whose_photos_crash_it_is_not_at_fault() -> None:
    slot = Child(Program("slot1", []))
    waits = [slot.note_death(-signal.SIGSEGV, float(n)) for n in range(2 * MAX_QUICK_DEATHS)]
    assert slot.own_faults == 0
    assert waits[0] < waits[1] < waits[-1] == supervisor.MAX_WAIT


class ShortOfMemory:
    """Replaces `subprocess`: nothing can be started until there is memory."""

    PIPE = subprocess.PIPE

    def __init__(self) -> None:
        self.error: OSError | None = OSError(errno.ENOMEM, "Cannot allocate memory")

    def Popen(self, *args: Any, **options: Any) -> "subprocess.Popen[Any]":  # noqa: N802
        if self.error is not None:
            raise self.error
        return subprocess.Popen(*args, **options)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> ShortOfMemory:
    memory = ShortOfMemory()
    monkeypatch.setattr(supervisor, "subprocess", memory)
    monkeypatch.setattr(supervisor, "FIRST_WAIT", 0)
    return memory


def test_want_of_memory_is_waited_for(memory: ShortOfMemory, capsys: Any) -> None:
    program = Program("web", [sys.executable, "-c", FOREVER], ends_all=True)
    platform = Supervisor([program])
    for _ in range(2 * MAX_QUICK_DEATHS):
        platform._look()
    assert not platform.gave_up
    assert capsys.readouterr().out.count("the lifeline") == 1
    memory.error = None
    platform._look()
    [child] = platform.children
    assert child.process is not None
    assert platform.lifeline.process is not None, "it is tried again as well"
    platform._stop()


def test_what_is_not_there_to_be_started_ends_all(memory: ShortOfMemory) -> None:
    memory.error = FileNotFoundError(errno.ENOENT, "No such file")
    platform = Supervisor([Program("slot1", ["celery"])])
    for _ in range(MAX_QUICK_DEATHS):
        assert not platform.gave_up
        platform._look()
    assert platform.gave_up


def with_child(pid_file: Path) -> str:
    child = f"import os; open({str(pid_file)!r}, 'w').write(str(os.getpid()))\n{FOREVER}"
    return f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {child!r}])\n{FOREVER}"


def test_children_left_behind_are_ended(tmp_path: Path) -> None:
    program = start(tmp_path, web=FOREVER, background=with_child(tmp_path / "child"))
    left = pid_of(tmp_path, "child")
    os.kill(pid_of(tmp_path, "background"), signal.SIGKILL)
    assert soon(lambda: not lives(left)), "the child lives on"
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=20)


def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    stopped = f"import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n{FOREVER}"
    program = start(tmp_path, web=FOREVER, slot1=stopped, background=with_child(tmp_path / "child"))
    pids = [pid_of(tmp_path, name) for name in ("web", "slot1", "background", "child")]
    program.kill()
    program.communicate(timeout=20)
    assert soon(lambda: not any(lives(pid) for pid in pids)), [p for p in pids if lives(p)]


def test_a_lifeline_that_was_killed_is_made_anew(tmp_path: Path) -> None:
    program = start(tmp_path, web=FOREVER)
    web = pid_of(tmp_path, "web")
    children = Path(f"/proc/{program.pid}/task/{program.pid}/children")
    [lifeline] = [int(pid) for pid in children.read_text().split() if int(pid) != web]
    os.kill(lifeline, signal.SIGKILL)
    assert soon(lambda: not lives(lifeline) and len(children.read_text().split()) == 2)
    time.sleep(0.5)  # It is told of everyone.
    program.kill()
    program.communicate(timeout=20)
    assert soon(lambda: not lives(web))


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
    program = start(tmp_path, web=FOREVER, slot1=code)
    assert pid_of(tmp_path, "armed") == 1
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=20)
    assert (tmp_path / "finished").exists()


def test_a_worker_started_by_hand_forks_no_pool() -> None:
    context = click.Context(click.Command("worker"), obj=SimpleNamespace(app=app))
    assert WorkersPool().convert("prefork", None, context) is SlotPool
