"""A store with damaged rows: intact rows are read, and the damaged run is named."""

import random
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from mtl_core.errors import StoreError, WorkbenchError
from mtl_core.protocol.events import WeightsData, WeightsEvent
from mtl_core.protocol.requests import PauseRequest
from mtl_core.spec import ExperimentSpec
from mtl_core.store import Points, Progress, RunStore, SeriesKey, host_name, open_store, sqlite

Experiment = Callable[..., ExperimentSpec]

LOSS, ACCURACY = SeriesKey("left", "train", "loss"), SeriesKey("left", "val", "accuracy")
NOT_UTF8 = "CAST(x'ff41' AS TEXT)"
TABLES = ("runs", "tasks", "tags", "settings", "summaries", "chunks", "events", "requests", "artifacts")


@pytest.fixture
def place(tmp_path: Path, experiment: Experiment) -> Path:
    """A store of three runs with something in every table."""
    path = tmp_path / "runs.sqlite"
    with open_store(path) as store:
        for _ in range(3):
            run = store.create_run(experiment())
            store.claim(run, pid=1, host=host_name(), device="cpu", versions={"torch": "2.13"}, fingerprint="abc")
            store.append(run, {LOSS: Points.of([1, 2], [2.0, 1.0]), ACCURACY: Points.of([2], [0.5])}, {ACCURACY: "max"})
            store.record_heartbeat(run, Progress(1, 2, 2, 4))
            data = WeightsData(step=1, weights={"left": 2.0})
            store.add_event(run, WeightsEvent(step=1, message="left 2.0", data=data))
            store.add_request(run, PauseRequest())
            store.add_artifact(run, "checkpoint", store.artifacts_dir(run) / "last", {"step": 2})
            store.edit(run, tags=["paper"], notes="a note")
            store.finish(run, "stopped")
    return path


def damage(path: Path, statement: str) -> None:
    with closing(sqlite.library().connect(path)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        connection.execute(statement)


@pytest.mark.parametrize(
    "change",
    [
        f"name = {NOT_UTF8}",
        f"notes = {NOT_UTF8}",
        "name = x'00ff'",
        "versions = '{'",
        "versions = '[1]'",
        "progress = '{\"epoch\": 1'",
        'progress = \'{"epoch": "one"}\'',
        "progress = '{\"kilometres\": 1}'",
        "progress = 'null null'",
        "seconds = 'long'",
        "created = 'yesterday'",
        "created = 9e999",
        "started = -9e300",
        "heartbeat = x'01'",
        "state = 'resting'",
        "seed = 'lucky'",
        "seed = 0.5",
        "study = 'mine'",
    ],
)
def test_a_run_with_a_damaged_row_is_named_and_the_others_are_listed(place: Path, change: str) -> None:
    damage(place, f"UPDATE runs SET {change} WHERE id = 2")
    with open_store(place) as store:
        assert [record.id for record in store.runs()] == [3, 1]
        assert list(store.damage) == [2]
        with pytest.raises(StoreError) as caught:
            store.run(2)
        assert len(str(caught.value)) < 1000
        assert store.reap() == []
        assert [record.id for record in store.runs(query="tag:paper")] == [3, 1]


@pytest.mark.parametrize(("table", "column"), [("tasks", "name"), ("tags", "tag")])
@pytest.mark.parametrize("value", [NOT_UTF8, "x'ff'"], ids=["not UTF-8", "bytes"])
def test_a_run_with_a_damaged_task_or_tag_is_named(place: Path, table: str, column: str, value: str) -> None:
    damage(place, f"UPDATE {table} SET {column} = {value} WHERE run_id = 2 AND {column} IN ('left', 'paper')")
    with open_store(place) as store:
        assert [record.id for record in store.runs()] == [3, 1]
        assert list(store.damage) == [2]


@pytest.mark.parametrize(
    "change",
    ["last = 'high'", "best = x'00'", "direction = 'up'", "count = 'many'", f"metric = {NOT_UTF8}", "task = x'ff'"],
)
def test_a_damaged_summary_costs_its_run_only(place: Path, change: str) -> None:
    damage(place, f"UPDATE summaries SET {change} WHERE run_id = 2 AND metric = 'loss'")
    with open_store(place) as store:
        assert {summary.run for summary in store.summaries()} == {1, 3}
        assert list(store.damage) == [2]
        assert {1, 3} <= store.scores().keys()
        assert [record.id for record in store.runs()] == [3, 2, 1]


def test_summaries_that_are_gone_leave_a_run_without_scores(place: Path) -> None:
    damage(place, "DELETE FROM summaries WHERE run_id = 2")
    with open_store(place) as store:
        assert [record.id for record in store.runs()] == [3, 2, 1]
        assert store.summaries([2]) == []
        assert 2 not in store.scores([2])
        assert store.read(2)[0].keys() == {LOSS, ACCURACY}


def test_a_run_is_listed_again_once_its_row_is_mended(place: Path) -> None:
    damage(place, "UPDATE runs SET seconds = 'long' WHERE id = 2")
    with open_store(place) as store:
        store.runs()
        damage(place, "UPDATE runs SET seconds = 1.5 WHERE id = 2")
        assert [record.id for record in store.runs()] == [3, 2, 1]
        assert store.damage == {}


@pytest.mark.parametrize("change", ["steps = x'00'", "numbers = 'abc'", "count = 7", "first = 'one'"])
def test_damaged_points_are_an_error_of_their_run(place: Path, change: str) -> None:
    damage(place, f"UPDATE chunks SET {change} WHERE run_id = 2")
    with open_store(place) as store:
        with pytest.raises(StoreError, match="run 2: is damaged in the store"):
            store.read(2)
        assert store.read(1)[0].keys() == {LOSS, ACCURACY}


@pytest.mark.parametrize("spec", ["'{'", "'[]'", "'{}'", "x'ff'", NOT_UTF8, "'null'"])
def test_a_damaged_spec_is_an_error_of_the_store(place: Path, spec: str) -> None:
    damage(place, f"UPDATE runs SET spec = {spec} WHERE id = 2")
    with open_store(place) as store:
        with pytest.raises(StoreError):
            store.spec(2)
        records = store.runs()
        assert len(records) == 3
        assert store.score_metrics(records) == {run: {"left": "accuracy", "right": "accuracy"} for run in (1, 3)}


def read_everything(store: RunStore) -> None:
    """Call what the command line and the window call; only errors for people may come."""
    calls: list[Callable[[], Any]] = [store.reap, store.runs, store.summaries, store.scores]
    calls += [lambda: store.score_metrics(store.runs())]
    calls += [lambda: store.runs(query="tag:paper digits training.epochs>1", archived=True)]
    for run in (1, 2, 3):
        calls += [
            lambda run=run: store.run(run),
            lambda run=run: store.spec(run),
            lambda run=run: store.read(run),
            lambda run=run: store.events(run),
            lambda run=run: store.artifacts(run),
            lambda run=run: store.artifacts_dir(run),
            lambda run=run: store.check_free(run),
            lambda run=run: store.take_requests(run),
            lambda run=run: store.rewind(run, 1),
            lambda run=run: store.append(run, {LOSS: Points.of([9], [1.0])}),
            lambda run=run: store.merge(run),
        ]
    for call in calls:
        message = ""
        try:
            call()
        except WorkbenchError as error:
            message = str(error)
        assert len(message) < 1000
        assert "\n" not in message


@pytest.mark.parametrize("seed", range(60))
def test_whatever_stands_in_a_row_only_errors_for_people_come(place: Path, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    values = [NOT_UTF8, "x'ff00'", "'{'", "'[[[['", "NULL", "-1", "9e999", "1e300", "'../../escape'", "'/tmp'", "''"]
    values += ["9223372036854775807", "-9223372036854775808", "0.5", "'\n\n'", f"'{'x' * 5000}'", "'{\"a\": NaN}'"]
    with closing(sqlite.library().connect(place)) as connection:
        for _ in range(3):
            table = draw.choice(TABLES)
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            column, value = draw.choice(columns), draw.choice(values)
            with suppress(sqlite.library().Error), connection:  # some cannot be
                connection.execute(f"UPDATE {table} SET {column} = {value} WHERE rowid % 3 = {draw.randrange(3)}")
    before = sorted(path for path in tmp_path.rglob("*") if "artifacts" not in path.parts)
    with open_store(place) as store:
        read_everything(store)
    assert sorted(path for path in tmp_path.rglob("*") if "artifacts" not in path.parts) == before


@pytest.mark.parametrize(
    "folder", ["../../escape", "..", ".", "", "/tmp/escape", "a/b", "..\\escape", "x\0y"], ids=repr
)
def test_a_folder_outside_the_artifacts_is_refused(place: Path, tmp_path: Path, folder: str) -> None:
    with closing(sqlite.library().connect(place)) as connection, connection:
        connection.execute("UPDATE runs SET folder = ? WHERE id = 2", (folder,))
    before = sorted(tmp_path.parent.rglob("*"))
    with open_store(place) as store:
        for call in (store.artifacts_dir, store.artifacts, lambda run: store.add_artifact(run, "x", tmp_path / "x")):
            with pytest.raises(StoreError, match="run 2: keeps its files in a folder below"):
                call(2)
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_a_folder_that_is_a_link_out_of_the_artifacts_is_refused(place: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder = tmp_path / "artifacts" / "2"
    folder.rmdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with open_store(place) as store, pytest.raises(StoreError, match="in a folder below"):
        store.artifacts_dir(2)


def test_artifacts_may_lie_on_another_disk_as_a_whole(place: Path, tmp_path: Path) -> None:
    (tmp_path / "artifacts").rename(tmp_path / "disk")
    (tmp_path / "artifacts").symlink_to(tmp_path / "disk")
    with open_store(place) as store:
        assert store.artifacts_dir(2) == tmp_path / "artifacts" / "2"
