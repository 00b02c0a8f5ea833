"""Failures of a verb: their messages and exit statuses.

Covers: mtl_core/cli/exit_status.py.
"""

import errno
from pathlib import Path

import pytest

from mtl_core.cli import commands, main
from mtl_core.errors import EnvironmentFault, InputError, StoreError, WorkerError


def _raise(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("training.epochs", "must be at least 1"), 2),
        (StoreError("runs.sqlite", "is damaged"), 3),
        (WorkerError("worker", "must stay alive"), 3),
        (EnvironmentFault("out.csv", "cannot be written"), 3),
        (OSError(errno.ENOSPC, "No space left on device"), 3),
        (PermissionError(errno.EACCES, "Permission denied", "/a"), 3),
        (MemoryError(), 3),
        (KeyboardInterrupt(), 130),
    ],
)
def test_the_exit_status_says_what_is_at_fault_in_one_line(
    error: BaseException,
    status: int,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commands, "datasets", lambda _: _raise(error))
    assert main(["datasets"]) == status
    assert capsys.readouterr().err.count("\n") == 1
    assert not home.exists()


def test_a_fault_of_the_program_is_one_line_and_its_traceback_is_in_a_log(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "datasets", lambda _: _raise(KeyError("x" * 5000)))
    assert main(["datasets"]) == 1
    line = capsys.readouterr().err
    assert (line.count("\n"), len(line) < 1000) == (1, True)
    assert "a fault of the program" in line
    assert str(home / "command.log") in line
    assert "Traceback" in (home / "command.log").read_text(encoding="utf-8")


def test_a_fault_whose_traceback_cannot_be_kept_is_one_line_all_the_same(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home.write_text("a file where the folder should be")
    monkeypatch.setattr(commands, "datasets", lambda _: _raise(KeyError("x")))
    assert main(["datasets"]) == 1
    assert "could not be written to" in capsys.readouterr().err


def test_an_argument_of_thousands_of_letters_is_shortened(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "diabetes", "--" + "x" * 5000]) == 2
    assert len(capsys.readouterr().err) < 1000
