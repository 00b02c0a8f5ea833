"""A reader that follows a series ends up with exactly its points, whatever is written, deleted and merged."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_core.spec import ExperimentSpec, spec_from_data
from mtl_core.store import Cursor, Points, RunStore, SeriesKey, open_store
from mtl_core.store.rows import series

KEYS = [SeriesKey("left", "train", "loss"), SeriesKey("left", "val", "loss"), SeriesKey("", "train", "lr")]

VALUES = st.lists(st.floats(width=64), max_size=4)
APPEND = st.tuples(st.just("append"), st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3))
READ = st.tuples(st.just("read"), st.integers(0, 2))
REWIND = st.tuples(st.just("rewind"), st.integers(0, 30))
MERGE = st.tuples(st.just("merge"), st.sampled_from([2, 3, 6, 2**31 - 1]))


Seen = dict[SeriesKey, list[tuple[int, float]]]


@pytest.fixture(scope="module")
def spec() -> ExperimentSpec:
    task = {"name": "left", "kind": "multiclass", "target": "left"}
    return spec_from_data({"version": 1, "tasks": [task]})


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunStore]:
    with open_store(tmp_path_factory.mktemp("cursor") / "runs.sqlite") as store:
        yield store


class Reader:
    """Keeps what it reads as a plot does."""

    def __init__(self) -> None:
        self.cursor: Cursor | None = None
        self.seen: Seen = defaultdict(list)

    def follow(self, store: RunStore, run: int) -> None:
        new, self.cursor = store.read(run, self.cursor)
        if self.cursor.reset:
            self.seen.clear()
        for key, points in new.items():
            assert len(points)
            self.seen[key] += zip(points.steps.tolist(), points.values.tolist(), strict=True)


def same(left: Seen, right: Seen) -> bool:
    keys = {key for key in (*left, *right) if left.get(key) or right.get(key)}
    return all(np.array_equal(left.get(k, ()), right.get(k, ()), equal_nan=True) for k in keys)


@settings(max_examples=150, deadline=None)
@given(actions=st.lists(st.one_of(APPEND, APPEND, READ, READ, REWIND, MERGE), max_size=40))
def test_a_reader_that_follows_has_exactly_the_points(
    shared: RunStore, spec: ExperimentSpec, actions: list[Any]
) -> None:
    run = shared.create_run(spec)
    readers, step = [Reader() for _ in range(3)], 0
    model: Seen = defaultdict(list)
    for kind, given_ in actions:
        match kind:
            case "append":
                new = {key: Points.of(range(step, step + len(values)), values) for key, values in given_.items()}
                shared.append(run, new)
                for key, points in new.items():
                    model[key] += zip(points.steps.tolist(), points.values.tolist(), strict=True)
                step += max(map(len, new.values()), default=0)
            case "read":
                readers[given_].follow(shared, run)
                assert same(readers[given_].seen, model)
            case "rewind":
                shared.rewind(run, given_)
                model = defaultdict(list, {k: [p for p in v if p[0] <= given_] for k, v in model.items()})
                step = min(step, given_ + 1)
            case "merge":
                with shared._database.write_transaction() as connection:
                    series.merge(connection, run, below=given_)
    for reader in (*readers, Reader()):
        reader.follow(shared, run)
        assert same(reader.seen, model)
    counts = {s.key: s.count for s in shared.summaries([run])}
    assert counts == {key: len(points) for key, points in model.items() if points}
