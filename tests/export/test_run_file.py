"""Runs as one file: what is imported elsewhere is equal in every row; damaged and hostile files are refused.

Covers: mtl_core/export/row_check.py, mtl_core/export/run_file_import.py, mtl_core/store/run_transfer.py.
"""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_core.errors import InputError, StoreError, WorkbenchError
from mtl_core.export.run_file import MANIFEST, digest_of, is_safe_path, write_run_file
from mtl_core.export.run_file_import import import_run_file, is_run_file
from mtl_core.spec import spec_from_data, spec_to_data
from mtl_core.store import RunStore, open_store
from mtl_core.store.rows.raw_rows import RAW_TABLES
from tests.export.conftest import fill, make_spec

Change = Callable[[dict[str, bytes], dict[str, Any]], None]
ROWS = "rows/runs.jsonl"


@pytest.fixture
def other(tmp_path: Path) -> Iterator[RunStore]:
    """Another store, with a run of its own."""
    with open_store(tmp_path / "there" / "runs.sqlite") as opened:
        opened.create_run(make_spec())
        yield opened


@pytest.fixture
def file(store: RunStore, runs: list[int], tmp_path: Path) -> Path:
    """The file of two runs, a study."""
    write_run_file(store, runs, tmp_path / "study.runs")
    return tmp_path / "study.runs"


def rows_of(store: RunStore, table: str, numbers: dict[int, int]) -> list[dict[str, Any]]:
    """The rows of runs, without their own ids and folders, and with the number that each run has in ``numbers``."""
    rows = []
    for row in store.raw_rows(table, list(numbers)):
        plain = {name: value for name, value in row.items() if name not in ("id", "folder")}
        plain |= {name: numbers.get(plain[name]) for name in ("run_id", "parent", "study") if name in plain}
        rows.append(plain)
    return rows


def test_every_table_is_equal_in_every_row(store: RunStore, runs: list[int], other: RunStore, file: Path) -> None:
    imported = import_run_file(other, file)
    assert imported.numbers == {1: 2, 2: 3}
    assert imported.notes == ()
    for table in RAW_TABLES:
        before = rows_of(store, table, {run: run for run in runs})
        back = {new: old for old, new in imported.numbers.items()}
        assert rows_of(other, table, back) == before != [], table


def test_what_the_store_reads_of_them_is_equal_files_too(
    store: RunStore, runs: list[int], other: RunStore, file: Path
) -> None:
    for old, new in import_run_file(other, file).numbers.items():
        assert other.spec(new) == store.spec(old)
        assert other.run(new).study == 2
        series, copies = store.read(old)[0], other.read(new)[0]
        assert series.keys() == copies.keys()
        for key, points in series.items():
            np.testing.assert_array_equal(points.values, copies[key].values)
        (artifact,), (copy,) = store.artifacts(old), other.artifacts(new)
        assert Path(copy.path).parent == other.artifacts_dir(new)
        assert Path(copy.path).read_bytes() == Path(artifact.path).read_bytes() != b""


def test_the_file_is_read_without_this_program(runs: list[int], file: Path) -> None:
    with zipfile.ZipFile(file) as archive, archive.open("points/1/numbers.npy") as stream:
        assert np.isnan(np.lib.format.read_array(stream, allow_pickle=False)).sum() == 1
        assert [json.loads(line)[1] for line in archive.read(ROWS).splitlines()] == ["name", "two digits", "two digits"]


def test_a_run_alone_keeps_no_parent_and_a_part_of_a_study_is_one(
    store: RunStore, runs: list[int], other: RunStore, tmp_path: Path
) -> None:
    child = store.create_run(make_spec(), parent=runs[0])
    fill(store, child)
    write_run_file(store, [runs[1], child], tmp_path / "some.runs")
    numbers = import_run_file(other, tmp_path / "some.runs").numbers
    assert other.run(numbers[child]).parent is None
    assert other.run(numbers[child]).study is None
    assert other.run(numbers[runs[1]]).study == numbers[runs[1]]


def test_the_run_whose_weights_a_run_begins_with_gets_its_new_number_or_is_noted(
    store: RunStore, runs: list[int], other: RunStore, tmp_path: Path
) -> None:
    data = spec_to_data(make_spec())
    data["training"]["start_from"] = {"kind": "from_run", "run": runs[0]}
    child = store.create_run(spec_from_data(data), parent=runs[0])
    fill(store, child)
    write_run_file(store, [runs[0], child], tmp_path / "both.runs")
    numbers = import_run_file(other, tmp_path / "both.runs").numbers
    start: Any = other.spec(numbers[child]).training.start_from
    assert (start.run, other.run(numbers[child]).parent) == (numbers[runs[0]],) * 2
    assert [run.id for run in other.runs(query=f"training.start_from.run={start.run}")] == [numbers[child]]
    write_run_file(store, [child], tmp_path / "child.runs")
    imported = import_run_file(other, tmp_path / "child.runs", again=True)
    assert [f"weights of run {runs[0]} of its store" in note for note in imported.notes] == [True]


def test_runs_are_imported_twice_only_when_asked(other: RunStore, file: Path) -> None:
    import_run_file(other, file)
    with pytest.raises(InputError, match=r"run 1 is run 2 here.*With --again"):
        import_run_file(other, file)
    assert len(other.runs()) == 3
    assert import_run_file(other, file, again=True).numbers == {1: 4, 2: 5}


def test_a_run_that_trains_is_not_written(store: RunStore, runs: list[int], tmp_path: Path) -> None:
    run = store.create_run(make_spec())
    with pytest.raises(InputError, match="has not ended"):
        write_run_file(store, [run], tmp_path / "run.runs")
    assert not (tmp_path / "run.runs").exists()


def test_files_outside_the_folder_and_files_that_are_gone_are_noted(
    store: RunStore, runs: list[int], other: RunStore, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("x")
    store.add_artifact(1, "log", outside)
    (store.artifacts_dir(1) / "link").symlink_to(outside)
    (store.artifacts_dir(2) / "best.safetensors").unlink()
    written = write_run_file(store, runs, tmp_path / "runs.runs")
    assert written.files == 1
    assert sorted(note.split(": ")[0] for note in written.notes) == ["Run 1", "Run 1", "Run 2"]
    numbers = import_run_file(other, tmp_path / "runs.runs").numbers
    assert [artifact.kind for artifact in other.artifacts(numbers[1])] == ["checkpoint:best"]


def _slip(name: str) -> Change:
    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        members[name] = b"x"
        _state(manifest, name, b"x")

    return change


def _cell(table: str, column: str, value: Any) -> Change:
    """Change a value in the first row of a table, digests included."""

    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        name = f"rows/{table}.jsonl"
        lines = [json.loads(line) for line in members[name].splitlines()]
        lines[1][lines[0].index(column)] = value
        members[name] = "\n".join(map(json.dumps, lines)).encode()
        _state(manifest, name, members[name])

    return change


def _state(manifest: dict[str, Any], name: str, content: bytes) -> None:
    manifest["members"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _bomb(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["points/1/steps.npy"] = bytes(2**27)
    _state(manifest, "points/1/steps.npy", members["points/1/steps.npy"])


def _missing(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del members["points/1/steps.npy"], manifest["members"]["points/1/steps.npy"]


def _pickle(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    stream = BytesIO()
    np.save(stream, np.array([{}] * 11, dtype=object), allow_pickle=True)
    members["points/1/steps.npy"] = stream.getvalue()
    _state(manifest, "points/1/steps.npy", stream.getvalue())


@pytest.mark.parametrize(
    ("change", "rule", "kind"),
    [
        (_slip("files/1/../../../evil"), "is damaged", StoreError),
        (_slip("files/../evil"), "is damaged", StoreError),
        (_slip("/evil"), "is damaged", StoreError),
        (_slip("files/1/C:\\evil"), "is damaged", StoreError),
        (_slip("files/9/evil"), "is damaged", StoreError),
        (_slip("files/1"), "is damaged", StoreError),
        (_bomb, "must not unpack to more than 100 times", InputError),
        (_missing, "points/1/steps.npy is missing", StoreError),
        (_pickle, "is damaged", StoreError),
        (_cell("runs", "state", "running"), "is damaged", StoreError),
        (_cell("runs", "id", -1), "is damaged", StoreError),
        (_cell("runs", "spec", "[]"), "is damaged", StoreError),
        (_cell("runs", "name", None), "is damaged", StoreError),
        (_cell("tasks", "run_id", 7), "is damaged", StoreError),
        (_cell("tasks", "position", 1), "same key", InputError),
        (_cell("artifacts", "path", "../../runs.sqlite"), "is damaged", StoreError),
        (_cell("chunks", "count", 10**9), "is damaged", StoreError),
        (lambda _, manifest: manifest.update(version=2), "must be of version 1", StoreError),
        (lambda _, manifest: manifest.update(schema="9999"), "must be of version 1", StoreError),
        (lambda _, manifest: manifest.update(format="x"), "must be a file of runs", InputError),
    ],
)
def test_a_hostile_file_adds_nothing(
    other: RunStore, file: Path, tmp_path: Path, change: Change, rule: str, kind: type[WorkbenchError]
) -> None:
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop(MANIFEST))
    change(members, manifest)
    manifest["digest"] = digest_of(manifest)
    forged = tmp_path / "forged.runs"
    with zipfile.ZipFile(forged, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(MANIFEST, json.dumps(manifest))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(kind, match=rule):
        import_run_file(other, forged)
    assert [run.id for run in other.runs()] == [1]
    assert [path for path in tmp_path.rglob("*") if path not in before and "sqlite" not in path.name] == []


def test_a_cut_or_changed_file_is_refused(other: RunStore, file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    place = content.index(bytes(range(256)))  # in a checkpoint, which is not compressed
    for forged in (content[:-1000], content[: len(content) // 2], b"", content[:place] + b"x" + content[place + 1 :]):
        (tmp_path / "cut.runs").write_bytes(forged)
        with pytest.raises(WorkbenchError, match=r"must be a whole file|is damaged"):
            import_run_file(other, tmp_path / "cut.runs")
    assert len(other.runs()) == 1


def test_another_zip_is_not_taken_for_a_file_of_runs(other: RunStore, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a", "b")
    assert is_run_file(tmp_path / "a.zip")
    assert not is_run_file(tmp_path / "none")
    with pytest.raises(InputError, match="another zip archive"):
        import_run_file(other, tmp_path / "a.zip")


def test_a_failed_import_leaves_no_file(other: RunStore, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = other.artifacts_dir(1).parent
    before = sorted(root.rglob("*"))

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(WorkbenchError, match="cannot be written to"):
        import_run_file(other, file)
    assert sorted(root.rglob("*")) == before
    assert len(other.runs()) == 1


@pytest.mark.parametrize("name", ["", "a//b", "../a", "a/..", "/a", "a\\b", "a:b", "a\nb", "a" * 300])
def test_a_path_that_may_leave_its_folder_is_not_safe(name: str) -> None:
    assert not is_safe_path(name)
    assert is_safe_path("a/b.c")


def test_nothing_is_left_of_the_folder_of_the_import(other: RunStore, file: Path) -> None:
    import_run_file(other, file)
    root = other.artifacts_dir(1).parent
    assert sorted(path.name for path in root.iterdir()) == ["1", "2", "3"]
    shutil.rmtree(root)
