"""Each bad input on the command line: one clear line, exit status 2 or 3, and nothing changed."""

import os
import re
from pathlib import Path

import pytest

from mtl_core.cli import main
from tests.bad_input.cases import CASES, Case
from tests.bad_input.place import Place

_FOR_MACHINES = re.compile(r"Traceback|\w+Error\b|Exception|\bNone\b|\berrno\b|object at|\.\.|  |: : |; \.|\.;|\n")


def assert_clear(told: str, parts: tuple[str, ...]) -> None:
    """One line that names these things in this order, in words for people."""
    assert told.endswith("\n")
    line, position = told[:-1], 0
    assert not _FOR_MACHINES.search(line), line
    for part in parts:
        position = line.find(part, position)
        assert position >= 0, f"{part!r} must follow in {line!r}"


def run(words: list[str], place: Place) -> int:
    """The exit status; ``--store`` is added where the verb takes it and none is named."""
    takes_store = words and words[0] not in ("presets", "tain") and "--store" not in words
    return main([*words, *(["--store", str(place.store)] if takes_store else [])])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_input_is_one_line_and_changes_nothing(
    case: Case, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    words = case.make(place)
    before = place.digest()
    status = run(words, place)
    printed, told = capsys.readouterr()
    assert_clear(told, case.parts)
    assert (status, printed) == (case.status, "")
    assert place.digest() == before


def test_no_case_is_made_twice() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 30


def test_a_table_without_read_permission(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, read = place.write_spec(), Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "homes.csv":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert run(["train", str(spec)], place) == 3
    assert_clear(capsys.readouterr().err, ("dataset.path", "cannot be read (permission denied)", "homes.csv"))
    assert not place.store.exists()


def test_a_store_in_a_folder_without_write_permission(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = place.write_spec()
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    before = place.digest()
    assert run(["train", str(spec)], place) == 3
    assert_clear(capsys.readouterr().err, ("runs.sqlite", "cannot be written to", "its folder is read-only"))
    assert place.digest() == before


def test_artifacts_that_may_not_be_written(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.with_runs()
    before, make = place.digest(), Path.mkdir

    def refuse(path: Path, *args: object, **kwargs: object) -> None:
        if "artifacts" in path.parts:
            raise PermissionError(13, "Permission denied")
        make(path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert run(["train", str(place.spec)], place) == 3
    assert_clear(capsys.readouterr().err, ("artifacts/3", "the folder cannot be made", "Permission denied"))
    assert place.digest() == before
