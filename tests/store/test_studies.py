"""Studies in the store: their runs and scores."""

from collections.abc import Callable

import pytest

from mtl_core.spec import ExperimentSpec, InputError, study_members
from mtl_core.store import RunStore

Experiment = Callable[..., ExperimentSpec]


def test_the_runs_of_a_study_go_by_the_number_of_its_first(store: RunStore, experiment: Experiment) -> None:
    alone = store.create_run(experiment())
    runs = store.create_study(study_members(experiment(), (0, 1), baselines=True))
    assert runs == [2, 3, 4, 5, 6, 7]
    records = [store.run(run) for run in runs]
    assert {record.study for record in records} == {2}
    assert [(r.seed, r.baseline) for r in records] == [
        (0, ""), (0, "left"), (0, "right"), (1, ""), (1, "left"), (1, "right"),
    ]  # fmt: skip
    assert store.run(alone).study is None
    assert all(store.artifacts_dir(run).is_dir() for run in runs)


def test_runs_that_join_a_run_make_a_study_of_it(store: RunStore, experiment: Experiment) -> None:
    first = store.create_run(experiment())
    members = study_members(experiment(), (0,), baselines=True)
    joined = store.create_study(members[1:], first)
    later = store.create_study(members[1:], joined[0])
    assert {store.run(run).study for run in (first, *joined, *later)} == {first}


def test_a_study_of_a_run_that_is_not_there_leaves_nothing(store: RunStore, experiment: Experiment) -> None:
    with pytest.raises(InputError, match="no such run"):
        store.create_study(study_members(experiment(), (0,), baselines=False), 77)
    assert store.runs() == []


@pytest.mark.parametrize(
    ("query", "found"),
    [("study:1", [3, 2, 1]), ("study:2", []), ("baseline:left", [2]), ("baseline:none", [4, 1]), ("study:1 seed", [])],
)
def test_studies_and_baselines_can_be_filtered(
    store: RunStore, experiment: Experiment, query: str, found: list[int]
) -> None:
    store.create_study(study_members(experiment(), (0,), baselines=True))
    store.create_run(experiment())
    assert [record.id for record in store.runs(query=query)] == found


def test_a_study_is_filtered_by_a_number(store: RunStore) -> None:
    with pytest.raises(InputError, match="number of a study"):
        store.runs(query="study:mine")
