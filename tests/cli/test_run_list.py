"""The ``runs`` verb: its columns, damaged stores, and the number of its statements."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from rich.cells import cell_len

from mtl_core.cli.box_table import format_table
from mtl_core.spec import load_preset
from mtl_core.store import Points, SeriesKey, open_store, sqlite
from tests.benchmarks.run_list import fill_store
from tests.cli.conftest import Command


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of three runs of the preset *wine*."""
    path = tmp_path / "runs.sqlite"
    spec = load_preset("wine")
    task = spec.tasks[0]
    with open_store(path) as opened:
        for run in range(1, 4):
            opened.create_run(spec.model_copy(update={"name": f"wine {run}"}))
            key = SeriesKey(task.name, "test", task.score_metric)
            nothing = SeriesKey(task.name, "val", "loss")
            opened.append(run, {key: Points.of([1], [run / 10]), nothing: Points.of([1], [float("nan")])})
            opened.finish(run, "finished")
    return path


def execute(path: Path, statement: str) -> None:
    with closing(sqlite.library().connect(path)) as connection, connection:
        connection.execute(statement)


def test_each_tasks_score_is_shown_and_named(command: Command, store: Path) -> None:
    task = load_preset("wine").tasks[0]
    result = command("runs", "--store", store)
    assert (result.status, result.err) == (0, "")
    assert f"{task.name} {task.score_metric} 0.3" in result.out


def test_the_json_has_what_is_not_a_number_as_text(command: Command, store: Path) -> None:
    task = load_preset("wine").tasks[0]
    found = command("runs", "--json", "--store", store).json["runs"]
    assert [run["run"] for run in found] == [3, 2, 1]
    assert found[0]["metrics"]["val"][task.name]["loss"] == "NaN"
    assert found[0]["metrics"]["test"][task.name][task.score_metric] == 0.3
    assert found[0]["scores"][task.name] == task.score_metric
    assert found[0]["tasks"] == list(load_preset("wine").task_names)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_damaged_run_is_named_and_the_others_are_listed(command: Command, store: Path, options: list[str]) -> None:
    execute(store, "UPDATE runs SET seconds = 'long' WHERE id = 2")
    result = command("runs", "--store", store, *options)
    assert result.status == 0
    assert result.err.count("\n") == 1
    assert result.err.startswith("run 2 is damaged in the store and left out: seconds")
    assert "wine 3" in result.out
    assert "wine 1" in result.out
    assert "wine 2" not in result.out


def test_a_filter_shows_the_scores_of_the_runs_it_finds(command: Command, store: Path) -> None:
    found = command("runs", "--json", "--filter", "id:2", "--store", store).json["runs"]
    assert [run["run"] for run in found] == [2]
    assert found[0]["metrics"]["test"]


def test_the_number_of_statements_does_not_grow_with_the_runs(tmp_path: Path, command: Command) -> None:
    def statements(runs: int) -> int:
        path = tmp_path / f"{runs}.sqlite"
        fill_store(path, runs)
        seen: list[str] = []
        record: Callable[..., None] = lambda connection, cursor, statement, *_: seen.append(statement)  # noqa: E731
        sa.event.listen(sa.Engine, "before_cursor_execute", record)
        try:
            assert len(command("runs", "--json", "--store", path).json["runs"]) == runs
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", record)
        return len(seen)

    assert statements(60) == statements(6)


def test_the_list_is_read_without_torch_and_the_classes_of_the_spec(store: Path) -> None:
    program = (
        "import sys; from mtl_core.cli import main\n"
        f"main(['runs', '--json', '--store', {str(store)!r}])\n"
        "print(*sorted({'torch', 'pydantic', 'rich.table', 'alembic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    listing, modules = done.stdout.splitlines()
    assert len(json.loads(listing)["runs"]) == 3
    assert modules == ""


def test_a_table_too_wide_for_the_terminal_cuts_the_names() -> None:
    rows = [["1", "한글 이름이 아주 긴 실행입니다", "done"], ["20", "short", "failed"]]
    lines = format_table(["run", "name", "state"], rows, shrink="name", width=40).splitlines()
    assert {cell_len(line) for line in lines} == {40}
    assert lines[3].startswith("│ 1   │ 한글 이름이 아주 긴")
    assert "…" in lines[3]
    assert format_table(["run", "name", "state"], rows, shrink="name", width=None).count("입니다") == 1
