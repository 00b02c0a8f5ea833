"""Δm of many runs, disk use of runs, removal of checkpoints and erasing of archived runs."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from mtl_core.analysis.studies import read_study
from mtl_core.spec import ExperimentSpec, InputError, study_members
from mtl_core.store import Points, RunStore, SeriesKey
from mtl_core.store.tables import METADATA

Experiment = Callable[..., ExperimentSpec]


def _archived_run(store: RunStore, spec: ExperimentSpec) -> int:
    run = store.create_run(spec)
    folder = store.artifacts_dir(run)
    (folder / "best.mtlw").write_bytes(b"x" * 100)
    (folder / "shape.json").write_bytes(b"x" * 10)
    store.add_artifact(run, "checkpoint:best", folder / "best.mtlw")
    store.add_artifact(run, "shape", folder / "shape.json")
    store.append(run, {SeriesKey("left", "train", "loss"): Points.of([1], [0.5])})
    store.edit(run, tags=["paper"], archived=True)
    store.finish(run, "finished")
    return run


def test_checkpoints_of_an_archived_run_are_given_up(store: RunStore, experiment: Experiment) -> None:
    run = _archived_run(store, experiment())
    use = store.disk_use([run])[run]
    assert (use.files, use.checkpoints) == (110, 100)
    assert store.remove_checkpoints([run]) == 100
    assert [artifact.kind for artifact in store.artifacts(run)] == ["shape"]
    assert store.disk_use([run])[run].files == 10


def test_an_erased_run_leaves_nothing(store: RunStore, experiment: Experiment) -> None:
    run = _archived_run(store, experiment())
    again = store.create_run(experiment(), parent=run)
    folder = store.artifacts_dir(run)
    assert store.erase([run]) == 110
    assert not folder.exists()
    assert [record.id for record in store.runs(archived=True)] == [again]
    assert store.run(again).parent is None
    with store._database.read_transaction() as connection:
        for table in METADATA.tables.values():
            if "run_id" in table.c:
                assert not connection.scalar(sa.select(sa.func.count()).where(table.c.run_id == run)), table.name


@pytest.mark.parametrize("state", ["queued", "running", "unarchived"])
def test_only_archived_runs_that_have_ended_can_be_erased(store: RunStore, experiment: Experiment, state: str) -> None:
    erasable, run = _archived_run(store, experiment()), _archived_run(store, experiment())
    if state == "unarchived":
        store.edit(run, archived=False)
    else:
        store.set_state(run, state)  # type: ignore[arg-type]
    for remove in (store.erase, store.remove_checkpoints):
        with pytest.raises(InputError, match="not in the archive" if state == "unarchived" else "has not ended"):
            remove([erasable, run])
    assert {record.id for record in store.runs(archived=True)} == {erasable, run}
    assert store.disk_use([erasable])[erasable].files == 110


def test_delta_m_of_many_runs_is_that_of_their_study(store: RunStore, experiment: Experiment) -> None:
    spec = experiment()
    runs = store.create_study(study_members(spec, (0, 1), baselines=True))
    for i, run in enumerate(runs):
        record = store.run(run)
        scores = store.score_metrics([record])[run]
        keys = {SeriesKey(task, "test", metric): Points.of([1], [0.5 + i / 50]) for task, metric in scores.items()}
        store.append(run, keys, dict.fromkeys(keys, "max"))
        store.finish(run, "finished")
    store.finish(store.create_run(spec), "finished")
    study = read_study(store, runs[0])
    assert study is not None
    by_seed = {store.run(run).seed: value for run, value in store.delta_m().items()}
    assert by_seed == pytest.approx(dict(study.result.by_seed))
    assert len(by_seed) == 2
    least = min(by_seed.values())
    assert len(store.run_ids(query=f"Δm > {least}")) == 1
