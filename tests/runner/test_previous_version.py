"""A store and a spec file of version 0.1.0 are read, and a run begun by it resumes bit-equal.

``previous_version`` holds them: run 1 was trained to its end, run 2 is the same experiment stopped in its third epoch;
run 3 has another weighting. ``pcgrad.yaml`` is the experiment of runs 1 and 2.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from mtl_core.evaluation.scores import evaluate
from mtl_core.runner.execution import execute
from mtl_core.runner.saved_models import best_checkpoint_path
from mtl_core.spec import diff_data, flatten, load_spec, spec_to_data
from mtl_core.spec.io.diff import ABSENT
from mtl_core.store import RunStore, SeriesKey, open_store
from mtl_core.store.tables import RUN
from tests.training.toy import without_resources

_FOLDER = Path(__file__).parent / "previous_version"
_FIRST_STEPS = 300
"""Steps after which the rounding of another processor may have grown."""


@pytest.fixture
def previous(tmp_path: Path) -> Iterator[RunStore]:
    """A copy of the store of the previous version."""
    shutil.copytree(_FOLDER, tmp_path / "previous")
    with open_store(tmp_path / "previous" / "runs.sqlite") as store:
        yield store


def test_its_runs_are_listed_with_their_scores(previous: RunStore) -> None:
    states = {record.name: record.state for record in previous.runs()}
    assert states == {"uninterrupted": "finished", "stopped half-way": "stopped", "uncertainty weighting": "finished"}
    best = {(one.run, one.key): one.last for one in previous.summaries()}
    assert best[1, SeriesKey("species", "test", "accuracy")] > 0.8


def test_its_spec_file_is_the_experiment_of_its_run(previous: RunStore) -> None:
    assert load_spec(_FOLDER / "pcgrad.yaml") == previous.spec(1)


def test_settings_that_have_another_name_now_are_no_difference(previous: RunStore) -> None:
    layers = [{"kind": "embedding", "dim": 24}, {"kind": "global_avg_pool"}]
    with previous._database.write_transaction() as connection:  # none of its runs reads texts
        data = connection.scalar(sa.select(RUN.c.spec).where(RUN.c.id == 1))
        model = {**data["model"], "shared": layers, "heads": {"species": layers[:1]}}
        connection.execute(sa.update(RUN).where(RUN.c.id == 1).values(spec={**data, "model": model}))
    old, now = previous.spec_data(1), spec_to_data(previous.spec(1))
    assert flatten(old)["model.shared[0].dimensions"] == flatten(old)["model.heads.species[0].dimensions"] == 24
    absent = {difference.path for difference in diff_data(old, now) if difference.right is ABSENT}
    assert absent == set()


@pytest.mark.parametrize("run", [1, 3])
def test_its_models_have_the_scores_that_it_stored(previous: RunStore, run: int) -> None:
    record, points = previous.run(run), previous.read(run)[0]
    scores = evaluate(previous.spec(run), best_checkpoint_path(previous, run), "test", record.fingerprint)
    for task, metrics in scores.items():
        for metric, value in metrics.items():
            assert points[SeriesKey(task, "test", metric)].values[-1] == pytest.approx(value, rel=1e-4)


def test_a_run_that_it_stopped_goes_on_as_the_one_that_was_not(previous: RunStore) -> None:
    stopped_at = previous.run(2).progress.step
    assert execute(previous, 2).state == "finished"
    whole, resumed = (without_resources(previous.read(run)[0]) for run in (1, 2))
    assert set(whole) == set(resumed)
    for key, points in whole.items():
        assert np.array_equal(points.steps, resumed[key].steps) or key.split == "test", key
        early = points.steps < _FIRST_STEPS
        np.testing.assert_allclose(resumed[key].values[: len(early)][early], points.values[early], rtol=1e-3, atol=1e-5)
    assert stopped_at < _FIRST_STEPS
