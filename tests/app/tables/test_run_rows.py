from collections.abc import Iterator
from pathlib import Path

import pytest

from app.tables import RunsReader
from mtl_core.spec import InputError, load_preset
from mtl_core.store import RunStore, open_store


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
    second = reader.read(store, touched=[2])
    assert second is not None
    assert [row.record.id for row in second.rows] == [new, 3, 2, 1]
    assert second.rows[2].record.name == "other"
    assert second.rows[3] is first.rows[2]


def test_a_touched_run_that_no_longer_matches_goes(store: RunStore) -> None:
    reader = RunsReader()
    reader.read(store)
    store.edit(2, archived=True)
    reading = reader.read(store, touched=[2])
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
