"""Forked processes: what they run, how their end is told, and that one left behind is found."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import fork_server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are started as ever")
FAKE_WORKER = str(Path(__file__).parent / "app/jobs/fake_worker.py")


def worker() -> fork_server.ForkedProcess:
    """The fake worker, once it can answer."""
    pipe = subprocess.PIPE
    process = fork_server.popen([sys.executable, FAKE_WORKER], stdin=pipe, stdout=pipe, encoding="utf-8")
    assert isinstance(process, fork_server.ForkedProcess)
    assert "ready" in process.stdout.readline()
    return process


def test_a_process_runs_its_command_and_is_among_the_forked_until_it_has_ended(home: Path) -> None:
    home.mkdir()
    process = worker()
    with process.stdin, process.stdout:
        assert process.pid in fork_server.forked()
        assert process.pid != os.getpid()
        process.stdin.write('{"id": 1, "ask": "check", "spec": "where"}\n')
        process.stdin.flush()
        assert f'"rule": "{process.pid}"' in process.stdout.readline()
        assert (home / "asks.log").read_text() == "check\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0)
        assert process.poll() is None
    assert process.wait(20) == process.poll() == 0
    assert process.pid not in fork_server.forked()


def test_a_process_tells_its_status_and_the_signal_that_ended_it(home: Path) -> None:
    home.mkdir()
    failed, killed = worker(), worker()
    with failed.stdin, failed.stdout, killed.stdin, killed.stdout:
        failed.stdin.write('{"id": 1, "ask": "check", "spec": "die"}\n')
        failed.stdin.flush()
        assert failed.wait(20) == 3
        killed.kill()
        assert killed.wait(20) == -signal.SIGKILL
        killed.kill()  # what has ended is left alone


def test_another_command_is_started_as_ever() -> None:
    process = fork_server.popen([sys.executable, "-c", "raise SystemExit(7)"])
    assert isinstance(process, subprocess.Popen)
    assert process.wait(20) == 7
