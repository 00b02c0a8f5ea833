"""Series of a run: what is written, read, thinned and summarized.

Covers: mtl_core/store/run_log.py.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from mtl_core.spec import ExperimentSpec
from mtl_core.store import Direction, Points, RunStore, SeriesKey, Summary, sqlite, urls

Experiment = Callable[..., ExperimentSpec]

LOSS = SeriesKey("left", "train", "loss")
ACCURACY = SeriesKey("left", "val", "accuracy")
RATE = SeriesKey("", "train", "lr")
NAN, INF = math.nan, math.inf


def points(*values: float, first: int = 1) -> Points:
    return Points.of(range(first, first + len(values)), values)


def summary(store: RunStore, run: int, key: SeriesKey) -> Summary:
    return next(s for s in store.summaries([run]) if s.key == key)


def test_points_come_back_as_they_were(store: RunStore, run: int) -> None:
    values = [1.5, NAN, INF, -INF, 5e-324, -0.0]
    steps = [0, 1, 2**31, 2**40, 2**62, 2**63 - 1]
    store.append(run, {LOSS: Points.of(steps, values)})
    read, _ = store.read(run)
    assert_array_equal(read[LOSS].steps, steps)
    assert read[LOSS].values.tobytes() == np.array(values).tobytes()


def test_points_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="equal length"):
        Points.of([1, 2], [1.0])


def test_a_reader_gets_only_what_is_new(store: RunStore, run: int) -> None:
    store.append(run, {LOSS: points(3, 2)})
    _, cursor = store.read(run)
    assert store.read(run, cursor)[0] == {}
    store.append(run, {LOSS: points(1, first=3), ACCURACY: points(0.5, first=2)})
    new, cursor = store.read(run, cursor)
    assert {key: part.values.tolist() for key, part in new.items()} == {LOSS: [1], ACCURACY: [0.5]}
    assert not cursor.reset


def test_a_merge_brings_nothing_new_to_a_reader(store: RunStore, run: int) -> None:
    for step in range(10):
        store.append(run, {LOSS: points(step, first=step)})
    _, cursor = store.read(run)
    store.append(run, {LOSS: points(10, first=10)})
    store.merge(run)
    new, cursor = store.read(run, cursor)
    assert new[LOSS].values.tolist() == [10]
    assert not cursor.reset
    assert_array_equal(store.read(run)[0][LOSS].values, np.arange(11))


def test_series_come_in_the_same_order_before_and_after_they_are_merged(store: RunStore, run: int) -> None:
    validation = SeriesKey("right", "val", "loss")
    store.append(run, {validation: points(1)})
    for step in range(1, 4):
        store.append(run, {RATE: points(step, first=step), LOSS: points(step, first=step)})
    store.append(run, {ACCURACY: points(0.5, first=4)})
    before = list(store.read(run)[0])
    store.merge(run)
    assert list(store.read(run)[0]) == before == sorted(before)


def test_going_back_drops_what_came_later_and_tells_readers(store: RunStore, run: int) -> None:
    store.append(run, {LOSS: points(4, 3, 2, 1), ACCURACY: points(0.5, first=4)}, {"accuracy": "max"})
    _, cursor = store.read(run)
    store.rewind(run, 2)
    kept, cursor = store.read(run, cursor)
    assert cursor.reset
    assert {key: part.steps.tolist() for key, part in kept.items()} == {LOSS: [1, 2]}
    assert (summary(store, run, LOSS).best, summary(store, run, LOSS).last_step) == (3, 2)
    assert [s.key for s in store.summaries([run])] == [LOSS]
    store.append(run, {LOSS: points(9, first=3)})
    new, cursor = store.read(run, cursor)
    assert not cursor.reset
    assert new[LOSS].values.tolist() == [9]


def test_going_back_to_where_a_run_stands_changes_nothing(store: RunStore, run: int) -> None:
    store.append(run, {LOSS: points(4, 3)})
    _, cursor = store.read(run)
    store.rewind(run, 2)
    assert not store.read(run, cursor)[1].reset


def test_a_cursor_of_another_run_starts_over(store: RunStore, run: int, experiment: Experiment) -> None:
    other = store.create_run(experiment())
    store.append(run, {LOSS: points(4, 3)})
    store.append(other, {LOSS: points(7)})
    new, cursor = store.read(other, store.read(run)[1])
    assert cursor.reset
    assert new[LOSS].values.tolist() == [7]


@pytest.mark.parametrize(
    ("direction", "best", "step"), [("min", 1, 3), ("max", 4, 2)], ids=["lower is better", "higher is better"]
)
def test_the_best_follows_the_direction_and_its_step_is_the_first(
    store: RunStore, run: int, direction: Direction, best: float, step: int
) -> None:
    for part in (points(2, 4, 1), points(1, 4, first=4)):
        store.append(run, {ACCURACY: part}, {ACCURACY: direction})
    found = summary(store, run, ACCURACY)
    assert (found.best, found.best_step, found.direction) == (best, step, direction)
    assert (found.count, found.last, found.last_step, found.min, found.max) == (5, 4, 5, 1, 4)


def test_a_loss_is_better_low_and_a_rate_has_no_best(store: RunStore, run: int) -> None:
    store.append(run, {LOSS: points(2, 1), RATE: points(0.1, 0.2)})
    assert summary(store, run, LOSS).best_step == 2
    rate = summary(store, run, RATE)
    assert (rate.direction, rate.best_step, math.isnan(rate.best)) == ("", None, True)
    assert rate.max == 0.2


def test_nan_is_a_last_value_and_never_a_best_one(store: RunStore, run: int) -> None:
    store.append(run, {LOSS: points(NAN)})
    found = summary(store, run, LOSS)
    assert all(map(math.isnan, (found.last, found.min, found.max, found.best)))
    assert found.best_step is None
    store.append(run, {LOSS: points(3, INF, NAN, first=2)})
    found = summary(store, run, LOSS)
    assert (found.min, found.max, found.best, found.best_step) == (3, INF, 3, 2)
    assert math.isnan(found.last)


def test_summaries_come_by_run_in_the_order_asked_for(store: RunStore, experiment: Experiment) -> None:
    runs = [store.create_run(experiment()) for _ in range(3)]
    for run in runs:
        store.append(run, {LOSS: points(1), ACCURACY: points(0.5)})
    assert [s.run for s in store.summaries([runs[2], runs[0]])] == [runs[2]] * 2 + [runs[0]] * 2
    assert len(store.summaries()) == 6
    assert store.summaries([]) == []


def test_an_empty_append_writes_nothing(store: RunStore, run: int) -> None:
    store.append(run, {LOSS: points()})
    assert store.read(run)[0] == {}
    assert store.summaries([run]) == []


def test_a_long_run_is_merged_while_it_lasts(
    store: RunStore, run: int, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtl_core.store.run_log._MERGE_EVERY", 10)
    monkeypatch.setattr("mtl_core.store.run_log._MERGE_BELOW", 15)
    cursor, seen = None, []
    for step in range(40):
        store.append(run, {LOSS: points(step, first=step)})
        new, cursor = store.read(run, cursor)
        seen += new[LOSS].values.tolist()
    assert seen == list(range(40))
    assert_array_equal(store.read(run)[0][LOSS].values, np.arange(40))


@pytest.mark.skipif("'MTL_TEST_STORE' in __import__('os').environ", reason="reads an SQLite file")
def test_numpy_reads_a_series_in_three_lines(store: RunStore, run: int) -> None:
    for part in (points(2.5, NAN), points(1.5, first=3)):
        store.append(run, {LOSS: part})
    path = urls.sqlite_file(urls.store_url(store.url))
    connection = sqlite.library().connect(path)
    chunks = "SELECT steps, numbers FROM chunks WHERE run_id=? AND task=? AND split=? AND metric=? ORDER BY first"
    steps, values = zip(*connection.execute(chunks, (run, *LOSS)), strict=True)
    steps, values = np.frombuffer(b"".join(steps), "<i8"), np.frombuffer(b"".join(values), "<f8")
    connection.close()
    assert_array_equal(steps, [1, 2, 3])
    assert_array_equal(values, [2.5, NAN, 1.5])
