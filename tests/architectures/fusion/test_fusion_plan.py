"""Planning of a fusion: what is described is what is built, and what does not fit is explained and mended."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_core.architectures.fusion.encoded_inputs import EncodedInputs
from mtl_core.architectures.fusion.registry import build_fusion
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.architectures.planning.fusion_plan import FusionPlan, describe_fusion, plan_fusion
from mtl_core.spec import Fix, set_at, spec_to_data
from mtl_core.spec.fusion import BaseFusion, Bilinear, Bottleneck, Concat, CrossAttention, Gated, Mean, Mixture, Sum
from mtl_core.spec.reports import Shape
from mtl_core.text import group_digits
from tests.architectures.fusion.examples import fusion_of

SIZE = st.integers(1, 7)
SHAPES = st.lists(st.lists(SIZE, min_size=1, max_size=3).map(tuple), min_size=1, max_size=4).map(
    lambda shapes: {f"input{number}": shape for number, shape in enumerate(shapes)}
)
COMMON: dict[str, Any] = {
    "missing": st.sampled_from(["stand_in", "mask"]),
    "modality_dropout": st.sampled_from([0.0, 0.5]),
}
WIDTH = st.one_of(st.none(), SIZE)
FUSIONS = st.one_of(
    st.builds(Concat, in_features=st.one_of(st.none(), SIZE), **COMMON),
    *(st.builds(kind, width=WIDTH, **COMMON) for kind in (Sum, Mean, Gated)),
    st.builds(Bilinear, rank=SIZE, width=SIZE, **COMMON),
    st.builds(Mixture, hidden=SIZE, width=SIZE, **COMMON),
    st.builds(Bottleneck, tokens=SIZE, layers=st.integers(1, 3), width=SIZE, heads=SIZE, **COMMON),
    st.builds(
        CrossAttention,
        query=st.sampled_from(["", "input0", "input1", "other"]),
        width=SIZE,
        heads=SIZE,
        keep_positions=st.booleans(),
        **COMMON,
    ),
)


def mended(plan: FusionPlan, fix: Fix) -> BaseFusion:
    data = set_at({"model": {"fusion": spec_to_data(plan.fusion)}}, fix.path, fix.value)["model"]["fusion"]
    return fusion_of(**data)


@settings(max_examples=30, deadline=None)
@given(fusion=FUSIONS, shapes=SHAPES)
def test_a_fusion_builds_as_described_or_is_mended_by_its_fix(fusion: BaseFusion, shapes: dict[str, Shape]) -> None:
    plan = plan_fusion(fusion, shapes)
    while plan.fault is not None:
        described = describe_fusion(plan)
        assert described.error == plan.fault.text
        assert "cannot be built" not in plan.fault.text
        assert described.fix is not None
        plan = plan_fusion(mended(plan, described.fix), shapes)
    module = EncodedInputs(
        {name: LayerStack() for name in shapes}, build_fusion(plan.fusion, shapes), shapes, plan.fusion
    )
    inputs = {name: torch.randn(3, *shape) for name, shape in shapes.items()}
    inputs |= {f"{name}.present": torch.tensor([True, False, False]) for name in list(shapes)[:2]}
    output = module(inputs)
    assert tuple(output.shape) == (3, *(plan.output_shape or ()))
    assert output.isfinite().all()
    described = describe_fusion(plan)
    assert described.parameters == sum(parameter.numel() for parameter in module.parameters())
    assert described.output_shape == plan.output_shape
    assert (described.title, described.kind, described.path) == (plan.fusion.title, plan.fusion.kind, "model.fusion")


@pytest.mark.parametrize(
    ("fusion", "shapes", "detail"),
    [
        (Concat(), {"table": (128,), "title": (32, 12), "image": (64,)}, "128 + 32 + 64; title: mean over positions"),
        (Concat(), {"a": (1000,), "b": (500,)}, f"{group_digits(1000)} + 500"),
        (Sum(width=8), {"a": (3, 4), "b": (5, 2, 2)}, "3 + 5; a, b: mean over positions"),
        (Bottleneck(), {"table": (9,), "title": (32, 12), "image": (64, 8, 8)}, "1 + 12 + 64 tokens"),
    ],
)
def test_the_description_says_what_arrives(fusion: BaseFusion, shapes: dict[str, Shape], detail: str) -> None:
    assert describe_fusion(plan_fusion(fusion, shapes)).detail == detail


def test_a_fusion_told_to_take_half_of_what_arrives_is_explained_and_mended() -> None:
    shapes: dict[str, Shape] = {"first": (512,), "second": (512,)}
    plan, total = plan_fusion(Concat(in_features=512), shapes), group_digits(1024)
    described = describe_fusion(plan)
    assert described.error == f"Concatenation is told to take 512 features; 512 + 512 = {total} arrive."
    assert described.fix == Fix(label=f"Set the features in to {total}", path="model.fusion.in_features", value=1024)
    assert plan_fusion(mended(plan, described.fix), shapes).output_shape == (1024,)


def test_unequal_widths_are_named_and_mended_by_a_width() -> None:
    described = describe_fusion(plan_fusion(Sum(), {"table": (64,), "title": (32, 5)}))
    assert described.error is not None
    assert described.error.endswith("64 from 'table', 32 from 'title' arrive.")
    assert described.fix == Fix(label="Set the width to 64", path="model.fusion.width", value=64)


def test_behind_a_fault_nothing_is_planned_and_nothing_is_said() -> None:
    described = describe_fusion(plan_fusion(Sum(), {"table": (64,), "title": None}))
    assert (described.output_shape, described.error, described.detail) == (None, None, "")


def test_an_input_without_features_and_one_too_large_are_refused() -> None:
    for shapes in ({"a": (), "b": (3,)}, {"a": (3, 0), "b": (3,)}):
        fault = plan_fusion(Concat(), shapes).fault
        assert fault is not None
        assert "'a'" in fault.text
    fault = plan_fusion(Gated(width=1_000_000), {"a": (3,), "b": (3,)}).fault
    assert fault is not None
    assert "billion parameters" in fault.text
    fault = plan_fusion(Sum(width=1000), {"a": (1000,), "b": (1000,)}, parameters=1_999_000_000).fault
    assert fault is not None
    assert "the model would have" in fault.text
