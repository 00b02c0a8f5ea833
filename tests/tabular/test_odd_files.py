"""Odd files are tables nevertheless, or are refused in one clear line; none takes long or much memory."""

import signal
import sys
from pathlib import Path
from types import FrameType

import pytest

from mtl_core.datasets.description import describe
from mtl_core.spec import ArraysDataset, DatasetInfo, InputError, TableDataset
from tests.tabular.odd_files import ODD_FILES, OddFile

SECONDS = 30
MEMORY = 1 << 30


class TooLongError(Exception):
    """A file was not read in time."""


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise TooLongError


def open_file(odd: OddFile, path: Path) -> DatasetInfo:
    kind = {"table": TableDataset, "arrays": ArraysDataset}[odd.kind]
    return describe(kind(path=str(path)))


def fault(odd: OddFile, folder: Path) -> str:
    """What is wrong with how an odd file is handled; empty if nothing is."""
    folder.mkdir()
    path = folder / odd.file
    odd.make(path)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        info = open_file(odd, path)
    except InputError as error:
        if odd.opens is True:
            return f"is refused: {error}"
        return _unclear(error)
    except TooLongError:
        return "takes too long"
    except Exception as error:
        return f"ends in {type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return (
        f"opens with {info.rows} rows of {[column.name for column in info.columns][:5]}" if odd.opens is False else ""
    )


def _unclear(error: InputError) -> str:
    problem, text = error.problem, str(error)
    clear = problem.path.startswith("dataset.") and problem.rule and (problem.found or problem.fix)
    is_line = "\n" not in text and len(text) <= 1000 and "Traceback" not in text
    return "" if clear and is_line and len(error.problems) == 1 else f"is not refused clearly: {text}"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no timers")
def test_odd_files_open_or_are_refused_in_one_clear_line(tmp_path: Path) -> None:
    import resource

    before = _peak_bytes(resource)
    old = signal.signal(signal.SIGALRM, _interrupt)
    try:
        faults = {odd.name: text for i, odd in enumerate(ODD_FILES) if (text := fault(odd, tmp_path / str(i)))}
    finally:
        signal.signal(signal.SIGALRM, old)
    assert faults == {}
    assert _peak_bytes(resource) - before < MEMORY


def _peak_bytes(resource: object) -> int:
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # type: ignore[attr-defined]
    return int(usage) * (1 if sys.platform == "darwin" else 1024)


def test_there_are_two_hundred_odd_files_each_with_a_name_of_its_own() -> None:
    assert len({odd.name for odd in ODD_FILES}) == len(ODD_FILES) >= 200
