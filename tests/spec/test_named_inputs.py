"""Inputs by name in a spec: both forms are read, and problems stand where they are.

Covers: mtl_core/spec/inputs/table.py, mtl_core/spec/inputs/base.py.
"""

from typing import Any

import pytest

from mtl_core.spec import ExperimentSpec, problems_of, set_at, spec_from_data, spec_to_data

TALENTS: dict[str, Any] = {
    "version": 2,
    "dataset": {
        "kind": "table",
        "path": "talents.csv",
        "inputs": {
            "behaviour": {"kind": "table", "columns": ["views", "region"]},
            "title": {"kind": "text", "column": "title"},
        },
    },
    "tasks": [{"name": "price", "kind": "regression", "target": "price"}],
    "model": {
        "inputs": {"title": [{"kind": "embedding", "dimensions": 8}, {"kind": "gru", "hidden_size": 4}]},
        "fusion": {"kind": "concat"},
        "shared": [{"kind": "linear"}],
    },
}


def test_inputs_by_name_keep_their_order_and_survive_a_round_trip() -> None:
    spec = spec_from_data(TALENTS)
    assert spec.dataset.input_kinds == {"behaviour": "table", "title": "text"}
    assert spec_from_data(spec_to_data(spec)) == spec


@pytest.mark.parametrize(
    ("dataset", "kinds"),
    [
        ({"kind": "table", "path": "a.csv", "inputs": ["x", "y"]}, {"table": "table"}),
        ({"kind": "table", "path": "a.csv", "inputs": ["x"], "types": {"x": "text"}}, {"text": "text"}),
        ({"kind": "bundled", "name": "multidigits"}, {"image": "image"}),
        ({"kind": "bundled", "name": "houses", "inputs": None}, {"table": "table"}),
    ],
    ids=str,
)
def test_the_one_input_of_the_short_form_is_named_by_its_kind(dataset: dict[str, Any], kinds: dict[str, str]) -> None:
    model = {"shared": [{"kind": "embedding"}]} if kinds == {"text": "text"} else {}
    data = {"version": 2, "dataset": dataset, "tasks": [{"name": "t", "kind": "regression", "target": "t"}]}
    assert spec_from_data({**data, "model": model}).dataset.input_kinds == kinds


def test_a_spec_of_version_1_is_read_as_version_2() -> None:
    old = {"version": 1, "tasks": [{"name": "left", "kind": "multiclass", "target": "left"}]}
    spec = spec_from_data(old)
    assert isinstance(spec, ExperimentSpec)
    assert spec.version == 2
    assert spec.model.inputs == {}


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("dataset.inputs", {}, "dataset.inputs: name at least one input"),
        ("dataset.inputs.title.column", "price", "dataset.inputs.title.column: a column is an input or a target"),
        ("dataset.inputs.behaviour.columns", ["views", "views"], "dataset.inputs.behaviour: each column once"),
        ("dataset.inputs.behaviour.columns", [], "dataset.inputs.behaviour.columns: must have at least 1 entry"),
        ("dataset.inputs.title.kind", "txt", "dataset.inputs.title.kind: there is no such kind"),
        ("dataset.inputs.title.max_lenth", 3, "dataset.inputs.title.max_lenth: there is no such setting"),
        ("dataset.inputs", {"a.b": {"kind": "text", "column": "title"}}, "dataset.inputs"),
        ("model.inputs.titel", [], "model.inputs.titel: there is no such input"),
        ("model.inputs.title", [], "model.inputs.title: a text must first go through an Embedding"),
        ("model.inputs.behaviour", [{"kind": "pretrained", "path": "m"}], "model.inputs.behaviour[0]: a pretrained"),
        ("dataset.inputs.title.tokenizer", "m", "dataset.inputs.title.tokenizer: only its pretrained model reads"),
        (
            "dataset.inputs.title",
            {"kind": "sound", "column": "title", "form": "waveform", "augmentation": [{"kind": "time_mask"}]},
            "dataset.inputs.title.augmentation: masks are those of spectrograms",
        ),
    ],
    ids=str,
)
def test_a_problem_of_an_input_stands_at_its_place(path: str, value: Any, problem: str) -> None:
    problems = problems_of(set_at(TALENTS, path, value))
    assert any(str(found).startswith(problem) for found in problems), problems
