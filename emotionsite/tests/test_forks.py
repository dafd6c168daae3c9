"""A process that was forked beside an open SQLite connection ends at once."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys, threading, time
import django
django.setup()
from django.db import connection, transaction

def fork():
    pid = os.fork()
    if pid == 0:
        print("child goes on", flush=True)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def write(text):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (%s)", [text])

with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS t (x TEXT)")
"""
IDLE = "status = fork(); write('after'); sys.exit(status)"
IN_A_TRANSACTION = """
with transaction.atomic():
    write("before")
    status = fork()
    write("after")
sys.exit(status)
"""
IN_ANOTHER_THREAD = """
opened, ends = threading.Event(), threading.Event()
def hold():
    write("thread")
    opened.set()
    ends.wait()
    write("thread again")
    connection.close()
thread = threading.Thread(target=hold)
thread.start()
opened.wait()
status = fork()
ends.set()
thread.join()
sys.exit(status)
"""
A_PROGRAM = """
import subprocess
with transaction.atomic():
    write("before")
    status = subprocess.call([sys.executable, "-c", "print('child goes on')"])
    write("after")
sys.exit(status)
"""


def run(code: str, file: Path) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM + code],
        env={
            "DJANGO_SETTINGS_MODULE": "emotionsite.settings",
            "VAR_DIR": str(file.parent),
            "DATABASE_URL": f"sqlite:///{file}",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    return done


@pytest.mark.parametrize("code", [IDLE, A_PROGRAM])
def test_who_may_close_the_connection_does_and_the_child_lives(tmp_path: Path, code: str) -> None:
    done = run(code, tmp_path / "db.sqlite3")
    assert done.returncode == 0, done.stderr
    assert "child goes on" in done.stdout


@pytest.mark.parametrize("code", [IN_A_TRANSACTION, IN_ANOTHER_THREAD])
def test_a_child_beside_an_open_connection_ends_at_once(tmp_path: Path, code: str) -> None:
    done = run(code, tmp_path / "db.sqlite3")
    assert done.returncode == 70, done.stderr
    assert "child goes on" not in done.stdout
    assert "forked while a SQLite connection was open" in done.stderr
