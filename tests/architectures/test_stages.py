"""Splitting a trunk into stages."""

from typing import Any

import pytest

from mtl_core.architectures.planning.layer_stack import plan_layers
from mtl_core.architectures.planning.stages import split_stages
from mtl_core.spec import ModelSpec

CONV = {"kind": "conv2d", "out_channels": 4}
BLOCK = [CONV, {"kind": "batch_norm2d"}, {"kind": "relu"}, {"kind": "max_pool2d"}]
FLATTEN = {"kind": "flatten"}
DENSE = [{"kind": "linear", "out_features": 6}, {"kind": "layer_norm"}, {"kind": "relu"}]
DROPOUT = {"kind": "dropout", "p": 0.1}


def kinds(layers: list[dict[str, Any]], shape: tuple[int, ...] = (1, 8, 8)) -> tuple[list[list[str]], list[str]]:
    model = ModelSpec.model_validate({"shared": layers}, strict=False)
    split = split_stages(plan_layers(model.shared, shape))
    at = 0
    for stage in split.stages:
        assert stage.first == at
        assert stage.shape == stage.layer_plans[-1].output_shape
        at += len(stage.layer_plans)
    stages = [[layer_plan.layer.kind for layer_plan in stage.layer_plans] for stage in split.stages]  # type: ignore[attr-defined]
    tail = [layer_plan.layer.kind for layer_plan in split.tail]  # type: ignore[attr-defined]
    assert [kind for stage in stages for kind in stage] + tail == [layer["kind"] for layer in layers]
    return stages, tail


def test_a_stage_is_a_layer_with_the_norm_activation_and_pooling_behind_it() -> None:
    block, dense = [layer["kind"] for layer in BLOCK], [layer["kind"] for layer in DENSE]
    assert kinds([*BLOCK, *BLOCK]) == ([block, block], [])
    assert kinds([*DENSE, *DENSE, *DENSE], (5,)) == ([dense, dense, dense], [])


def test_what_stands_before_the_first_learning_layer_belongs_to_its_stage() -> None:
    assert kinds([FLATTEN, DROPOUT, *DENSE])[0][0][:3] == ["flatten", "dropout", "linear"]
    assert kinds([{"kind": "batch_norm2d"}, *BLOCK]) == ([["batch_norm2d", *(layer["kind"] for layer in BLOCK)]], [])


def test_features_are_exchanged_before_positions_are_laid_out_among_the_channels() -> None:
    stages, tail = kinds([*BLOCK, DROPOUT, FLATTEN, DROPOUT, *DENSE])
    assert [stage[0] for stage in stages] == ["conv2d", "flatten"]
    assert stages[0][-1] == "dropout"
    assert tail == []


def test_a_flatten_at_the_end_is_the_tail() -> None:
    stages, tail = kinds([*BLOCK, *BLOCK, FLATTEN, DROPOUT])
    assert len(stages) == 2
    assert tail == ["flatten", "dropout"]


def test_a_flatten_before_a_norm_at_the_end_stays_in_its_stage() -> None:
    assert kinds([CONV, FLATTEN, {"kind": "batch_norm1d"}]) == ([["conv2d", "flatten", "batch_norm1d"]], [])


@pytest.mark.parametrize("layers", [[DROPOUT], [{"kind": "relu"}, {"kind": "batch_norm1d"}]])
def test_a_trunk_without_learning_layers_is_one_stage(layers: list[dict[str, Any]]) -> None:
    assert kinds(layers, (5,)) == ([[layer["kind"] for layer in layers]], [])


def test_a_trunk_without_layers_has_no_stage() -> None:
    assert kinds([]) == ([], [])
    assert kinds([FLATTEN]) == ([], ["flatten"])


def test_a_flatten_of_what_is_flat_already_does_not_matter() -> None:
    assert kinds([*DENSE, FLATTEN, *DENSE], (5,))[0] == [
        ["linear", "layer_norm", "relu", "flatten"],
        ["linear", "layer_norm", "relu"],
    ]


def test_a_faulty_trunk_is_not_cut() -> None:
    model = ModelSpec.model_validate({"shared": [CONV]}, strict=False)
    with pytest.raises(ValueError, match="layer 0"):
        split_stages(plan_layers(model.shared, (5,)))
