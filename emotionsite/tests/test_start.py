"""Test what a start of the platform takes: imports, processes in their order, and a port."""

import gc
import subprocess
import sys
import time

import pytest

from emotionsite import web
from emotionsite.processes import garbage, programs
from emotionsite.processes.programs import Program
from emotionsite.supervisor import Supervisor


def test_those_that_can_wait_start_after_the_others() -> None:
    web, caretaker = Program("web", []), Program("caretaker", [], can_wait=True)
    now = time.monotonic()
    first, second = Supervisor([web, caretaker]).children
    assert first.start_at <= now < second.start_at
    [alone] = Supervisor([caretaker]).children
    assert alone.start_at <= now, "nothing has a better use for the processors"


def test_a_start_loads_neither_celery_nor_models_before_its_processes() -> None:
    code = """
import sys
from emotionsite import supervisor
supervisor.programs.wanted(())
print([name for name in ("celery", "kombu", "django.db.models") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_slots_let_postgresql_prepare_statements_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for told, expected in (("", "on"), ("off", "off")):
        monkeypatch.setenv("DATABASE_PREPARE", told)
        slot = programs.wanted(["worker"])[0]
        assert slot.environment["DATABASE_PREPARE"] == expected


def test_parts_are_named() -> None:
    assert [p.name for p in programs.wanted(["background"])] == ["background"]
    names = [p.name for p in programs.wanted(["worker"])]
    assert names[0] == "slot1"
    assert names[-1] == "caretaker"
    assert programs.wanted([])[0].name == "web"
    assert "no part 'wrker'" in str(programs.trouble(["wrker"]))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "::"])
def test_a_port_is_looked_at_where_the_server_would_listen(host: str) -> None:
    try:
        listener = web.listen(host, 0)
    except OSError:
        pytest.skip("this host has no such addresses")
    with listener:
        port = listener.getsockname()[1]
        assert not programs.port_is_free(host, port)
    assert programs.port_is_free(host, port)


def test_the_collector_starts_again_once_everything_is_imported() -> None:
    garbage.pause()
    assert not gc.isenabled()
    garbage.resume()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    gc.unfreeze()
