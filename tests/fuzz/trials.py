"""Commands on a damaged input, and the faults of their answers."""

import io
import random
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from mtl_core.cli import main
from tests.bad_input.place import Place
from tests.fuzz.inputs import KINDS, fresh

MOST_SECONDS, MOST_CHARACTERS = 2.0, 1000
_START_SECONDS = 8.0
"""Processor time that a process of its own may take to start and import."""


@dataclass(frozen=True)
class Answer:
    """How a command was answered: exit status, standard error, and seconds of processor time."""

    status: int
    err: str
    seconds: float


@dataclass(frozen=True)
class Result:
    """How a command met its input: ``refused``, ``done`` or ``at fault``, and then what is wrong."""

    outcome: str
    faults: tuple[str, ...]


def tried(kind: str, seed: int, folder: Path, template: Path, *, alone: bool = False) -> list[Result]:
    """Damage an input of a kind and try each command on it.

    Args:
        kind: One of ``KINDS``.
        seed: Decides the damage.
        folder: Made anew; all that is in it must stay as it is.
        template: A folder holding a store with runs.
        alone: Whether each command gets a process of its own.
    """
    place = fresh(folder, template)
    return [
        _result(place, words, alone=alone, may_change=may_change)
        for words, may_change in KINDS[kind](random.Random(f"{kind} {seed}"), place)
    ]


def _result(place: Place, words: Sequence[str], *, alone: bool, may_change: bool) -> Result:
    before = _content(place)
    answer = _answer_of_process(words) if alone else _answer(words)
    found = _faults(answer)
    if not (answer.status == 0 and may_change) and _content(place) != before:
        found.append("files have changed")
    if found:
        command = " ".join(words).replace(str(place.folder), "")[:150]
        return Result("at fault", tuple(f"{fault}: {command!r}: {answer.err[:400]!r}" for fault in found))
    return Result("refused" if answer.status else "done", ())


def _answer(words: Sequence[str]) -> Answer:
    err, begin = io.StringIO(), time.process_time()
    with redirect_stdout(io.StringIO()), redirect_stderr(err):
        status = main(list(words))
    return Answer(status, err.getvalue(), time.process_time() - begin)


def _answer_of_process(words: Sequence[str]) -> Answer:
    begin, command = _seconds_of_children(), [sys.executable, "-m", "mtl_core", *words]
    done = subprocess.run(command, capture_output=True, check=False)
    seconds = max(0.0, _seconds_of_children() - begin - _START_SECONDS)
    return Answer(done.returncode, done.stderr.decode("utf-8", "replace"), seconds)


def _seconds_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _faults(answer: Answer) -> list[str]:
    """What is not as it should be: done, or refused in one line with the right status, and in time."""
    found = []
    if answer.status not in (0, 2, 3):
        found.append(f"exit status {answer.status}")
    if answer.status and answer.seconds > MOST_SECONDS:
        found.append(f"{answer.seconds:.1f} s")
    if answer.status and (not answer.err.endswith("\n") or answer.err.count("\n") != 1):
        found.append(f"{len(answer.err.splitlines())} lines")
    if answer.status and len(answer.err) > MOST_CHARACTERS:
        found.append(f"{len(answer.err)} characters")
    return found


def _content(place: Place) -> dict[str, str]:
    """Each file and its digest; SQLite's log and its index, which come and go, are left out."""
    return {name: digest for name, digest in place.digest().items() if name[-4:] not in ("-wal", "-shm")}
