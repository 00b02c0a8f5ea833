"""Runs as event files: TensorBoard's own reader finds every point, and an import gives the run again.

Covers: mtl_core/export/readers/tensorboard.py, mtl_core/export/trackers/tracked_run.py.
"""

from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mtl_core.errors import InputError
from mtl_core.export.readers.any_source import import_runs
from mtl_core.export.trackers.tensorboard import write_runs
from mtl_core.export.trackers.tracked_run import read_run
from mtl_core.store import RunStore, SeriesKey, open_store


@pytest.fixture
def folder(store: RunStore, runs: list[int], tmp_path: Path) -> Path:
    """The event files of two runs."""
    write_runs([read_run(store, run) for run in runs], tmp_path / "events")
    return tmp_path / "events"


def test_tensorboard_reads_every_point_at_its_step_and_time(store: RunStore, runs: list[int], folder: Path) -> None:
    reader = EventAccumulator(str(folder / "run-1"), size_guidance={"scalars": 0})
    reader.Reload()
    assert sorted(reader.Tags()["scalars"]) == ["left/train/loss", "left/val/accuracy", "right/train/loss"]
    events = reader.Scalars("left/train/loss")
    points = store.read(1)[0][SeriesKey("left", "train", "loss")]
    assert [event.step for event in events] == points.steps.tolist()
    np.testing.assert_array_equal([event.value for event in events], points.values.astype(np.float32))
    record = store.run(1)
    assert record.started is not None
    assert record.finished is not None
    assert all(record.started - 1 <= event.wall_time <= record.finished + 1 for event in events)


def test_an_import_gives_experiment_and_points_again(store: RunStore, runs: list[int], folder: Path) -> None:
    with open_store(folder.parent / "other.sqlite") as other:
        numbers = import_runs(other, folder).numbers
        assert numbers == {1: 1, 2: 2}
        for old, new in zip(runs, numbers.values(), strict=True):
            assert other.spec(new) == store.spec(old)
            record = other.run(new)
            assert (record.name, record.state, record.tags) == ("two digits", "finished", ("imported",))
            assert record.started == pytest.approx(store.run(old).started)
            assert record.seconds < 5
            before, after = store.read(old)[0], other.read(new)[0]
            assert before.keys() == after.keys()
            for key, points in before.items():
                assert after[key].steps.tolist() == points.steps.tolist()
                np.testing.assert_allclose(after[key].values, points.values, rtol=1e-6)
        best = {summary.metric: summary.direction for summary in other.summaries([1])}
        assert best == {"loss": "min", "accuracy": "max"}
        with pytest.raises(InputError, match="none of its runs can be imported"):
            import_runs(other, folder)
        assert import_runs(other, folder, again=True).numbers == {1: 3, 2: 4}


def test_another_file_of_that_name_is_refused_or_has_no_points(store: RunStore, tmp_path: Path) -> None:
    file = tmp_path / "events.out.tfevents.1"
    file.write_bytes(b"nothing of that kind" * 10)
    with pytest.raises(InputError, match=r"is not a file of TensorBoard|has no series"):
        import_runs(store, file)
    assert store.runs() == []
