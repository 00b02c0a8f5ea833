"""The reader of the table of runs: which rows it reads after a change."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from app.tables import RunRow, RunsReader
from app.tables.run_columns import BASE_COLUMNS, leading_scores, sort_order
from mtl_core.spec import ExperimentSpec, InputError, load_preset
from mtl_core.store import Points, RunRecord, RunStore, SeriesKey, open_store, sqlite
from tests.app.tables.rows import record


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with open_store(tmp_path / "runs.sqlite") as store:
        for _ in range(3):
            store.create_run(load_preset("multidigits"))
        yield store


def test_nothing_is_read_while_nothing_changes(store: RunStore) -> None:
    reader = RunsReader()
    reading = reader.read(store)
    assert reading is not None
    assert [row.record.id for row in reading.rows] == [3, 2, 1]
    assert reader.read(store) is None


def test_a_new_and_a_touched_run_are_read_and_the_others_stay_the_same_objects(store: RunStore) -> None:
    reader = RunsReader()
    first = reader.read(store)
    assert first is not None
    new = store.create_run(load_preset("multidigits"))
    store.edit(2, name="other")
    second = reader.read(store, changed_runs=[2])
    assert second is not None
    assert [row.record.id for row in second.rows] == [new, 3, 2, 1]
    assert second.rows[2].record.name == "other"
    assert second.rows[3] is first.rows[2]


def test_a_touched_run_that_no_longer_matches_goes(store: RunStore) -> None:
    reader = RunsReader()
    reader.read(store)
    store.edit(2, archived=True)
    reading = reader.read(store, changed_runs=[2])
    assert reading is not None
    assert [row.record.id for row in reading.rows] == [3, 1]


def test_a_change_by_others_is_seen_though_it_was_not_told(store: RunStore) -> None:
    reader = RunsReader()
    reader.read(store, "other")
    store.set_state(1, "stopped")
    store.edit(1, name="other")
    reader._not_before = 0.0
    reading = reader.read(store, "other")
    assert reading is not None
    assert [row.record.name for row in reading.rows] == ["other"]


def test_a_malformed_question_does_not_spoil_the_next(store: RunStore) -> None:
    reader = RunsReader()
    with pytest.raises(InputError):
        reader.read(store, "state:done")
    assert reader.read(store) is not None


def with_scores(store: RunStore, run: int, *metrics: str) -> None:
    """Store a value of each metric of both tasks, as a worker would."""
    keys = [SeriesKey(task, "val", metric) for task in ("left", "right") for metric in metrics]
    points = {key: Points.of([10], [0.1 * number]) for number, key in enumerate(keys, start=1)}
    store.append(run, points, directions=dict.fromkeys(keys, "max"))


def marked(left: str, right: str) -> ExperimentSpec:
    """An experiment with these scores."""
    spec = load_preset("multidigits")
    tasks = [task.model_copy(update={"score": score}) for task, score in zip(spec.tasks, (left, right), strict=True)]
    return spec.model_copy(update={"tasks": tuple(tasks)})


def test_a_task_is_led_by_the_metric_marked_as_its_score(store: RunStore) -> None:
    run = store.create_run(marked("f1", "accuracy"))
    with_scores(store, run, "accuracy", "f1")
    reading = RunsReader().read(store)
    assert reading is not None
    assert reading.rows[0].scores == {"left": "f1", "right": "accuracy"}
    assert [key.metric for key in leading_scores(reading.rows[0])] == ["f1", "accuracy"]


def test_a_run_that_has_not_stored_its_score_is_led_as_one_without(store: RunStore) -> None:
    run = store.create_run(marked("auroc", "auroc"))
    with_scores(store, run, "loss", "f1")
    reading = RunsReader().read(store)
    assert reading is not None
    assert [key.metric for key in leading_scores(reading.rows[0])] == ["f1", "f1"]


def test_scores_are_read_once_a_run_and_shared_between_runs(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for run in (1, 2):
        with_scores(store, run, "accuracy")
    read: list[int] = []
    score_metrics = RunStore.score_metrics

    def count(self: RunStore, records: Iterable[RunRecord]) -> dict[int, Mapping[str, str]]:
        read.extend(record.id for record in records)
        return score_metrics(self, records)

    monkeypatch.setattr(RunStore, "score_metrics", count)
    reader = RunsReader()
    first = reader.read(store)
    assert first is not None
    assert first.rows[1].scores is first.rows[2].scores
    with_scores(store, 2, "f1")
    store.edit(2, name="other")
    again = reader.read(store, changed_runs=[2])
    assert again is not None
    assert again.rows[1].record.name == "other"
    assert read == [2, 1]


def test_a_run_whose_spec_is_damaged_is_judged_by_the_usual_metrics(store: RunStore) -> None:
    damage(store, "UPDATE runs SET spec = '{' WHERE id = 3")
    with_scores(store, 3, "accuracy")
    reading = RunsReader().read(store)
    assert reading is not None
    assert [key.metric for key in leading_scores(reading.rows[0])] == ["accuracy", "accuracy"]


def test_scores_name_their_metric_and_different_ones_have_no_mean() -> None:
    names = ("a", "b", "c")
    column = next(column for column in BASE_COLUMNS if column.key == "scores")

    def shown(*metrics: str) -> str:
        keys = [SeriesKey(name, "val", metric) for name, metric in zip(names, metrics, strict=True)]
        values = {key: (value, value) for key, value in zip(keys, (0.25, 0.5, 0.75), strict=True)}
        found = RunRow(record(1, tasks=names), values, dict(zip(names, metrics, strict=True)))
        return column.text(found)

    assert shown("mae", "mae", "mae") == "mean mae 0.500"
    assert shown("mae", "accuracy", "mae") == "mae 0.250 · accuracy 0.500 · …"


def test_runs_are_sorted_by_their_scores_within_each_metric() -> None:
    column = next(column for column in BASE_COLUMNS if column.key == "scores")
    scores = [
        ("rmse", 54.3),
        ("accuracy", 0.9),
        ("rmse", 7.0),
        ("r2", -0.5),
        ("r2", 0.25),
        ("r2", -12.0),
        ("rmse", 700),
    ]
    rows = []
    for number, (metric, value) in enumerate(scores):
        found = {SeriesKey("a", "val", metric): (value, value)}
        rows.append(RunRow(record(number, tasks=("a",)), found, {"a": metric}))
    rows.append(RunRow(record(9)))
    order = sort_order(rows, column, descending=False)
    assert [scores[index] for index in order[:-1]] == [
        ("accuracy", 0.9),
        ("r2", -12.0),
        ("r2", -0.5),
        ("r2", 0.25),
        ("rmse", 7.0),
        ("rmse", 54.3),
        ("rmse", 700),
    ]
    assert order[-1] == 7


def test_a_damaged_run_is_left_out_and_named(store: RunStore) -> None:
    damage(store, "UPDATE runs SET seconds = 'long' WHERE id = 2")
    reading = RunsReader().read(store)
    assert reading is not None
    assert [row.record.id for row in reading.rows] == [3, 1]
    assert list(reading.damage) == [2]


def damage(store: RunStore, statement: str) -> None:
    with closing(sqlite.library().connect(store.name)) as connection, connection:
        connection.execute(statement)
