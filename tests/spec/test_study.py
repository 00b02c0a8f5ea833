"""The runs of a study: seeds and single-task baselines."""

from typing import Any

import pytest

from mtl_core.spec import (
    ExperimentSpec,
    InputError,
    method_members,
    single_task,
    spec_from_data,
    spec_to_data,
    study_members,
)


def experiment(**changes: Any) -> ExperimentSpec:
    data: dict[str, Any] = {
        "version": 1,
        "name": "both",
        "dataset": {"kind": "bundled", "name": "houses", "split": {"seed": 7}},
        "tasks": [
            {"name": "price", "kind": "regression", "target": "price"},
            {"name": "sold", "kind": "binary", "target": "sold"},
        ],
        "model": {
            "shared": [{"kind": "linear", "out_features": 8}],
            "heads": {"price": [{"kind": "linear", "out_features": 4}], "sold": []},
        },
        "weighting": {"kind": "manual", "weights": {"price": 3.0}},
        "training": {"epochs": 3, "monitor": "price.rmse", "seed": 5},
    }
    return spec_from_data(data | changes)


def test_a_study_is_every_seed_with_and_without_the_other_tasks_seed_by_seed() -> None:
    members = study_members(experiment(), (4, 2), baselines=True)
    assert [(m.spec.training.seed, m.baseline, m.spec.task_names) for m in members] == [
        (4, "", ("price", "sold")),
        (4, "price", ("price",)),
        (4, "sold", ("sold",)),
        (2, "", ("price", "sold")),
        (2, "price", ("price",)),
        (2, "sold", ("sold",)),
    ]
    assert len(study_members(experiment(), (4, 2), baselines=False)) == 2


def test_a_baseline_has_the_same_layers_budget_and_rows() -> None:
    spec = experiment()
    alone = single_task(spec, "sold")
    assert alone.model.shared == spec.model.shared
    assert set(alone.model.heads) == {"sold"}
    assert alone.dataset.split.tasks == spec.tasks
    assert alone.dataset.split.seed == 7
    assert alone.weighting.kind == "equal"
    changed = {"monitor": "total"}
    assert spec_to_data(alone.training) == spec_to_data(spec.training) | changed
    assert single_task(spec, "price").training.monitor == "price.rmse"


def test_the_rows_of_a_baseline_of_a_baseline_stay_those_of_the_first_experiment() -> None:
    spec = experiment()
    again = single_task(single_task(spec, "sold"), "sold")
    assert again.dataset.split.tasks == spec.tasks


def test_a_long_name_stays_within_its_bounds() -> None:
    assert len(single_task(experiment(name="n" * 200), "sold").name) == 200


@pytest.mark.parametrize("seeds", [(1, 1), (), (-1,), (2**32,)])
def test_seeds_are_each_there_once_and_within_bounds(seeds: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        study_members(experiment(), seeds, baselines=False)


def test_one_task_has_no_baselines() -> None:
    with pytest.raises(InputError, match="at least two tasks"):
        study_members(single_task(experiment(), "sold"), (0,), baselines=True)


def test_an_input_that_was_a_target_of_the_experiment_is_refused_in_a_baseline() -> None:
    data = spec_to_data(single_task(experiment(), "sold"))
    data["dataset"]["inputs"] = ["price"]
    with pytest.raises(InputError, match="an input or a target"):
        spec_from_data(data)


@pytest.mark.parametrize(("task", "kind"), [("", "balanced_classes"), ("sold", "balanced_classes")])
def test_rows_are_balanced_by_the_classes_of_the_task_itself_alone(task: str, kind: str) -> None:
    spec = experiment(training={"sampling": {"kind": "balanced_classes", "task": task}, "compare_gradients": 3})
    sold, price = single_task(spec, "sold").training, single_task(spec, "price").training
    assert spec_to_data(sold.sampling) == {"kind": kind, "task": "sold"}
    assert price.sampling.kind == "shuffled"
    assert sold.compare_gradients is None


def test_a_task_alone_has_all_draws_whatever_its_proportion() -> None:
    sampling = {"kind": "task_proportions", "proportions": {"sold": 0.0, "price": 2.0}}
    sold = single_task(experiment(training={"sampling": sampling}), "sold").training
    assert spec_to_data(sold.sampling) == {"kind": "task_proportions", "proportions": {}}


def test_methods_share_their_baselines_and_keep_the_settings_of_the_present_one() -> None:
    members = method_members(experiment(), ("manual", "pcgrad"), (4, 2), baselines=True)
    found = [(member.spec.training.seed, member.spec.weighting.kind, member.baseline) for member in members]
    assert found[:4] == [(4, "manual", ""), (4, "pcgrad", ""), (4, "equal", "price"), (4, "equal", "sold")]
    assert len(found) == 8
    assert members[0].spec.weighting == experiment().weighting
    assert {member.spec.name for member in members if not member.baseline} == {"both"}
    assert len(method_members(experiment(), ("equal", "pcgrad"), (4, 2), baselines=False)) == 4


@pytest.mark.parametrize(
    ("methods", "seeds", "words"),
    [
        (("equal",), (0,), "at least two"),
        (("equal", "equal"), (0,), "each method once"),
        (("equal", "pcgard"), (0,), "pcgard: weighting"),
        (("equal", "pcgrad"), (), "at least one seed"),
        (("equal", "pcgrad"), (1, 1), "each seed once"),
    ],
)
def test_methods_that_cannot_be_compared_are_refused(
    methods: tuple[str, ...], seeds: tuple[int, ...], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        method_members(experiment(), methods, seeds, baselines=False)
    with pytest.raises(InputError, match="two tasks"):
        method_members(single_task(experiment(), "sold"), ("equal", "pcgrad"), (0,), baselines=False)


def test_a_method_that_does_not_suit_a_loss_is_named() -> None:
    tasks = [
        {"name": "price", "kind": "regression", "target": "price", "loss": "gaussian_nll"},
        {"name": "sold", "kind": "binary", "target": "sold"},
    ]
    with pytest.raises(InputError, match="geometric_mean: "):
        method_members(experiment(tasks=tasks), ("equal", "geometric_mean"), (0,), baselines=False)
