"""Messages of invalid specs: where, which rule, what was found and what to do.

Covers: mtl_core/spec/validation/suggestions.py.
"""

from collections.abc import Callable
from typing import Any

import pytest

from mtl_core.spec import InputError, Problem, problems_of, shorten, spec_from_data

Change = Callable[..., dict[str, Any]]

FIELD_ERRORS = [
    ("training.epochs", 0, "must be at least 1", "0"),
    ("training.epochs", 1.5, "must be a whole number", "1.5"),
    ("training.epochs", "many", "must be a whole number", "many"),
    ("training.epochs", True, "must be a whole number", "true"),
    ("training.epochs", None, "must be a whole number", "null"),
    ("training.optimizer.lr", 0, "must be greater than 0", "0"),
    ("training.optimizer.lr", 1e9, "must be at most 100", "1000000000.0"),
    ("training.optimizer.lr", float("nan"), "must be a finite number", "nan"),
    ("training.optimizer.lr", "fast", "must be a number", "fast"),
    ("training.optimizer.beta1", 1.0, "must be less than 1", "1.0"),
    (
        "training.optimizer.kind",
        "lion",
        "must be one of sgd, adam, adamw, nadam, rmsprop, adagrad, adamax, muon",
        "'lion'",
    ),
    ("training.optimizer", {"lr": 0.1}, "must have a kind", "{'lr': 0.1}"),
    ("training.optimizer", 3, "must be a mapping", "3"),
    ("training.device", "gpu", "must be auto, cpu, cuda or cuda:N", "gpu"),
    ("training.speed", 3, "there is no such setting", "3"),
    ("name", 5, "must be text", "5"),
    ("name", "", "must not be empty", ""),
    ("tasks", [], "must have at least 1 entry", "[]"),
    ("tasks", "price", "must be a list", "price"),
    ("tasks[0].name", "a.b", "must not be empty nor hold any of . [ ] / : = , or quotes", "a.b"),
    ("tasks[0].target", 5, "must be text or a list", "5"),
    ("tasks[0].loss", "mape", "must be mse, mae, huber, quantile or gaussian_nll", "mape"),
    ("tasks[0].standardize", "no", "must be true or false", "no"),
    ("tasks[2].metrics", ["r2"], None, "r2"),
    ("model.heads", [], "must be a mapping", "[]"),
    ("model.shared[0].kind", "dense", None, "'dense'"),
    ("model.shared[0].out_features", 0, "must be at least 1", "0"),
    ("model.heads.price[0].bias", 1, "must be true or false", "1"),
    ("weighting.weights.price", -1.0, "must be at least 0", "-1.0"),
    ("dataset.split.train", 0.0, "must be greater than 0", "0.0"),
    ("dataset.split.val", 0.5, "train, val and test must sum to 1, they sum to 1.35", ""),
    ("dataset.path", None, "must be text", "null"),
    ("dataset.types", {"area": "number"}, "must be numeric, categorical or text", "number"),
    ("version", 3, "this application reads versions up to 2", "3"),
    ("version", "1", "must be given as a whole number", "1"),
]


@pytest.mark.parametrize(
    ("path", "value", "rule", "found"), FIELD_ERRORS, ids=[f"{e[0]}={e[1]!r}" for e in FIELD_ERRORS]
)
def test_an_error_names_path_rule_and_what_was_found(
    changed: Change, path: str, value: Any, rule: str | None, found: str
) -> None:
    (problem,) = problems_of(changed(path, value))
    assert problem.path.startswith(path if path != "dataset.split.val" else "dataset.split")
    assert rule is None or problem.rule == rule
    assert problem.found == found
    assert "\n" not in str(problem)


@pytest.mark.parametrize(
    ("path", "kind", "meant"),
    [
        ("training.optimizer.kind", "adamx", "adamax or adam or nadam"),
        ("weighting.kind", "equall", "equal"),
        ("model.shared[0].kind", "conv", "conv2d or conv1d"),
    ],
)
def test_a_kind_that_is_misspelled_names_those_it_resembles(changed: Change, path: str, kind: str, meant: str) -> None:
    (problem,) = problems_of(changed(path, kind))
    assert problem == Problem(path, "there is no such kind", repr(kind), f"Did you mean {meant}?")


def test_of_many_kinds_the_first_are_named_and_a_long_one_is_cut(changed: Change) -> None:
    (problem,) = problems_of(changed("weighting.kind", "x" * 5000))
    assert problem.rule.startswith("must be one of equal, manual, ")
    assert problem.rule.endswith(" and 18 more")
    assert len(str(problem)) < 300


def test_a_choice_of_types_is_one_problem(changed: Change) -> None:
    (problem,) = problems_of(changed("model.shared[0]", {"kind": "conv2d", "padding": "full"}))
    assert problem.path == "model.shared[0].padding"
    assert problem.rule == "must be same or a whole number"


def test_a_missing_setting_is_named(data: dict[str, Any]) -> None:
    del data["tasks"][1]["target"]
    assert problems_of(data) == [Problem("tasks[1].target", "must be given")]


CONTRADICTIONS = [
    ("tasks[1].name", "price", {"tasks": "each task needs a name of its own"}),
    ("tasks[0].name", "total", {"tasks[0].name": "'total' is the name of the combined loss"}),
    ("tasks[0].target", [], {"tasks[0].target": "name at least one column"}),
    ("tasks[0].target", ["a", "a"], {"tasks[0].target": "each column once"}),
    ("model.heads", {"prise": []}, {"model.heads.prise": "there is no such task"}),
    ("weighting.weights", {"prise": 1.0}, {"weighting.weights.prise": "there is no such task"}),
    (
        "weighting.weights",
        {"price": 0, "sold": 0, "Kind": 0},
        {"weighting.weights": "at least one task needs a weight above 0"},
    ),
    (
        "weighting",
        {"kind": "gradnorm", "normalize": "log"},
        {"weighting.normalize": "'GradNorm (Chen et al. 2018)' needs losses above 0, which logarithms are not"},
    ),
    (
        "weighting.moves",
        [{"step": 3, "weights": {"sole": 1.0}}],
        {"weighting.moves[0].weights.sole": "there is no such task"},
    ),
    ("training.monitor", "price.accuracy", {"training.monitor": None}),
    ("training.monitor", "prise", {"training.monitor": None}),
    ("training.monitor", "price.", {"training.monitor": None}),
    ("dataset.inputs", [], {"dataset.inputs": "name at least one input column"}),
    ("dataset.inputs", ["area", "area"], {"dataset.inputs": "each column once"}),
    (
        "dataset.inputs",
        ["area", "sold"],
        {"dataset.inputs[1]": "a column is an input or a target, not both: it is the target of task 'sold'"},
    ),
]


@pytest.mark.parametrize(("path", "value", "expected"), CONTRADICTIONS, ids=[f"{c[0]}={c[1]}" for c in CONTRADICTIONS])
def test_parts_that_do_not_fit_together_are_named(
    changed: Change, path: str, value: Any, expected: dict[str, str | None]
) -> None:
    problems = {problem.path: problem for problem in problems_of(changed(path, value))}
    for place, rule in expected.items():
        assert rule is None or problems[place].rule == rule
    assert expected.keys() <= problems.keys()


def test_the_tasks_there_are_keep_their_spelling_in_the_fix(changed: Change) -> None:
    (problem,) = problems_of(changed("model.heads", {"kind": []}))
    assert problem.fix == "Tasks: price, sold, Kind."


@pytest.mark.parametrize("monitor", ["total", "price", "price.loss", "price.rmse", "Kind.accuracy"])
def test_the_total_a_task_and_each_of_its_metrics_can_be_monitored(changed: Change, monitor: str) -> None:
    assert problems_of(changed("training.monitor", monitor)) == []


def test_every_problem_is_found_at_once_and_the_error_counts_them(changed: Change) -> None:
    data = changed("training.epochs", 0)
    data["name"] = ""
    with pytest.raises(InputError, match=r"^spec\.yaml: .*\(and 1 more\)$") as caught:
        spec_from_data(data, "spec.yaml")
    assert {problem.path for problem in caught.value.problems} == {"spec.yaml: name", "spec.yaml: training.epochs"}


@pytest.mark.parametrize("data", [None, 3, "text", [], {1, 2}])
def test_what_is_no_mapping_is_refused(data: object) -> None:
    (problem,) = problems_of(data)
    assert problem.path == "spec"


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
def test_values_that_no_file_can_hold_are_refused(data: dict[str, Any], value: object) -> None:
    (problem,) = problems_of({**data, "name": value})
    assert problem.rule.startswith("must hold only text")


def test_data_that_contains_itself_is_refused(data: dict[str, Any]) -> None:
    data["model"]["shared"].append(data)
    assert problems_of(data)


def test_what_was_found_is_shown_short_and_on_one_line() -> None:
    assert shorten("a\n b" * 100, 10) == "a ba ba b…"
    assert str(Problem("here", "must fit", "x", "Do y.")) == "here: must fit; found x. Do y."


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("training.epoch", "training.epochs"),
        ("training.lr", "training.optimizer.lr or weighting.lr"),
        ("model.shared[0].out_feature", "model.shared[0].out_features or "),
        ("model.heads.price[0].out_feature", "model.heads.price[0].out_features or "),
        ("batch_size", "training.batch_size"),
    ],
)
def test_a_setting_that_does_not_exist_names_those_it_may_have_meant(changed: Change, path: str, meant: str) -> None:
    (problem,) = problems_of(changed(path, 5))
    assert problem.fix.startswith(f"Did you mean {meant}")


def test_a_setting_of_a_layer_in_a_block_is_suggested_at_its_place(changed: Change) -> None:
    (problem,) = problems_of(
        changed("model.shared", [{"kind": "residual", "layers": [{"kind": "relu", "negative": 1}]}])
    )
    assert problem.path == "model.shared[0].layers[0].negative"
    assert problem.fix == "Did you mean model.shared[0].layers[0].negative_slope?"


def test_a_setting_like_no_other_is_given_no_other(changed: Change) -> None:
    (problem,) = problems_of(changed("training.zzz", 5))
    assert problem.fix == ""


@pytest.mark.parametrize(
    ("path", "value", "fix"),
    [
        ("tasks[0].target", 1, 'Put it in quotation marks, as in "1".'),
        ("name", 2.5, "Put it in quotation marks, as it is written in the data."),
        ("name", True, "Put it in quotation marks, as it is written in the data."),
        ("name", None, ""),
    ],
)
def test_a_name_that_yaml_reads_as_a_number_says_to_quote_it(changed: Change, path: str, value: Any, fix: str) -> None:
    (problem,) = problems_of(changed(path, value))
    assert problem.fix == fix
