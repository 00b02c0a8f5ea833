"""Models of several inputs: under any sharing scheme, of any encoders and fusion, described as they are built.

Covers: mtl_core/architectures/planning/inputs_plan.py, mtl_core/architectures/components/inputs.py.
"""

import copy
from itertools import chain
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from torch import Tensor

from mtl_core.architectures import MultiTaskModel, build_model, describe_model
from mtl_core.architectures.fusion.encoded_inputs import EncodedInputs
from mtl_core.spec import InputError, ModelSpec, TargetInfo, presence_key
from mtl_core.spec.fusion import Fusion
from mtl_core.spec.layers import Linear
from mtl_core.spec.sharing import Sharing
from mtl_core.weighting import detach_at_representation
from tests.architectures.fusion.examples import KINDS as FUSIONS
from tests.architectures.fusion.examples import SETTINGS
from tests.architectures.schemes import KINDS, number
from tests.architectures.test_random_stacks import INPUTS, LAYERS, OUTPUTS, TARGETS

SHAPES = {"table": (4,), "image": (1, 6, 6)}
TWO = {"left": 3, "right": 2}
INFOS = {
    "left": TargetInfo(name="left", kind="multiclass", classes=("a", "b", "c")),
    "right": TargetInfo(name="right", kind="regression", width=2, mean=(0.0, 0.0), std=(1.0, 1.0)),
}
ENCODERS: dict[str, list[dict[str, Any]]] = {
    "table": [{"kind": "linear", "out_features": 5}, {"kind": "relu"}],
    "image": [{"kind": "conv2d", "out_channels": 3}, {"kind": "tanh"}, {"kind": "global_avg_pool"}],
}
SHARED: list[dict[str, Any]] = [{"kind": "linear", "out_features": 6}, {"kind": "tanh"}]
every_scheme = pytest.mark.parametrize("kind", KINDS)
every_trunk = pytest.mark.parametrize("shared", [SHARED, []], ids=["shared layers", "none"])


def spec_of(
    kind: str, shared: list[dict[str, Any]], fusion: dict[str, Any] | None = None, encoders: Any = None
) -> ModelSpec:
    data = {
        "inputs": encoders or ENCODERS,
        "sharing": {"kind": kind},
        "shared": shared,
        "fusion": fusion or {"kind": "concat"},
    }
    return ModelSpec.model_validate(data, strict=False)


def built(
    kind: str, shared: list[dict[str, Any]], fusion: dict[str, Any] | None = None, encoders: Any = None
) -> MultiTaskModel:
    torch.manual_seed(0)
    return build_model(spec_of(kind, shared, fusion, encoders), SHAPES, TWO).double()


def batch(rows: int = 6, *, absent: bool = True) -> dict[str, Tensor]:
    """Rows of both inputs; the first row lacks the table, the last two the image."""
    generator = torch.Generator().manual_seed(1)
    inputs = {
        name: torch.randn(rows, *shape, dtype=torch.float64, generator=generator) for name, shape in SHAPES.items()
    }
    masks = {presence_key("table"): torch.arange(rows) > 0, presence_key("image"): torch.arange(rows) < rows - 2}
    return inputs | (masks if absent else {})


@every_scheme
@every_trunk
def test_a_model_is_built_as_it_was_described(kind: str, shared: list[dict[str, Any]]) -> None:
    info, model = describe_model(spec_of(kind, shared), SHAPES, INFOS), built(kind, shared)
    assert info.problems == ()
    assert info.fused_shape == (8,)
    assert info.parameters == number(model.parameters())
    assert info.shared_parameters == number([*model.shared_parameters(), *model.frozen_parameters()])
    assert [tuple(output.shape) for output in model(batch())] == [(6, 3), (6, 2)]


@every_scheme
@every_trunk
def test_every_parameter_is_shared_or_of_exactly_one_task_and_is_reached(
    kind: str, shared: list[dict[str, Any]]
) -> None:
    model = built(kind, shared)
    parts = [model.shared_parameters(), *(model.head_parameters(task) for task in model.tasks)]
    listed = [id(p) for p in chain.from_iterable(parts)]
    assert len(set(listed)) == len(listed)
    assert {id(p) for p in model.last_shared_parameters()} <= {id(p) for p in model.shared_parameters()}
    reached: set[int] = set()
    for task, output in zip(model.tasks, model(batch()), strict=True):
        model.zero_grad()
        output.square().mean().backward(retain_graph=True)
        mine = {id(p) for p in model.parameters() if p.grad is not None}
        assert not mine & {id(p) for other in model.tasks if other != task for p in model.head_parameters(other)}
        reached |= mine
    assert reached >= set(listed)


@every_scheme
@every_trunk
def test_cutting_the_graph_at_the_features_gives_the_same_outputs_and_gradients(
    kind: str, shared: list[dict[str, Any]]
) -> None:
    model, inputs = built(kind, shared).eval(), batch()
    whole = model(inputs)
    sum(output.square().sum() for output in whole).backward()
    wanted = {name: p.grad for name, p in model.named_parameters()}
    model.zero_grad()
    outputs, cut = detach_at_representation(model.features(inputs), model.head, len(model.tasks))
    assert all(torch.equal(one, other) for one, other in zip(outputs, whole, strict=True))
    torch.autograd.backward([output.square().sum() for output in outputs])
    cut.backward(cut.weighted_sum(torch.ones(len(model.tasks), dtype=torch.float64), range(len(model.tasks))))
    for name, parameter in model.named_parameters():
        assert (parameter.grad is None) == (wanted[name] is None), name
        if parameter.grad is not None:
            torch.testing.assert_close(parameter.grad, wanted[name])


def test_separate_models_share_no_encoder() -> None:
    model = built("separate", SHARED)
    assert model.shared_parameters() == []
    left, right = ({id(p) for p in model.head_parameters(task)} for task in model.tasks)
    assert not left & right
    assert left | right == {id(p) for p in model.parameters()}


@pytest.mark.parametrize(
    ("kind", "fusion"), [*((kind, "concat") for kind in KINDS), *(("separate", fusion) for fusion in FUSIONS[1:])]
)
def test_what_an_input_holds_that_a_row_lacks_changes_no_output(kind: str, fusion: str) -> None:
    model = built(kind, SHARED, {"kind": fusion, **SETTINGS.get(fusion, {})}).eval()
    inputs = batch()
    outputs = model(inputs)
    inputs["image"] = inputs["image"].clone()
    inputs["image"][-2:] = 1000.0
    for one, other in zip(outputs, model(inputs), strict=True):
        assert torch.equal(one, other)


NORMS: dict[str, list[dict[str, Any]]] = {
    "table": [*ENCODERS["table"], {"kind": "batch_norm1d"}],
    "image": [{"kind": "conv2d", "out_channels": 3}, {"kind": "batch_norm2d"}, {"kind": "global_avg_pool"}],
}


@every_scheme
def test_batch_normalization_counts_no_row_that_lacks_the_input(kind: str) -> None:
    """Nor does anything else in training, whatever the tensors hold there."""
    model = built(kind, SHARED, encoders=NORMS)
    for image_rows in (4, 2, 1, 0):
        inputs = batch() | {presence_key("image"): torch.arange(6) < image_rows}
        other = inputs | {"image": inputs["image"].clone(), "table": inputs["table"].clone()}
        other["image"][image_rows:], other["table"][0] = 1000.0, -50.0
        found = []
        for one in (inputs, other):
            copied = copy.deepcopy(model).train()
            torch.manual_seed(1)
            outputs = copied(one)
            sum(output.sum() for output in outputs).backward()
            gradients = [parameter.grad for parameter in copied.parameters() if parameter.grad is not None]
            found.append([*outputs, *gradients, *copied.buffers()])
        for one, two in zip(*found, strict=True):
            assert torch.equal(one, two)


def test_batch_normalization_reads_the_rows_that_have_the_input_and_keeps_what_one_row_cannot_tell() -> None:
    for rows, counted in ((4, 1), (1, 0), (0, 0)):
        reader = built("hard", SHARED, encoders=NORMS).train().inputs
        assert isinstance(reader, EncodedInputs)
        encoder = copy.deepcopy(reader.encoders.for_input("image"))
        inputs = batch(absent=False) | {presence_key("image"): torch.arange(6) < rows}
        fused = reader(inputs)
        if counted:
            torch.testing.assert_close(fused[:rows, 5:], encoder(inputs["image"][:rows]))
        else:
            torch.testing.assert_close(fused[:rows, 5:], encoder.eval()(inputs["image"][:rows]))
        theirs, ours = (dict(module.named_buffers()) for module in (encoder, reader.encoders.for_input("image")))
        for name, buffer in ours.items():
            torch.testing.assert_close(buffer, theirs[name])
        assert ours["1.num_batches_tracked"] == counted
        assert all(module.training for module in reader.modules())


@pytest.mark.parametrize("kind", ["separate", "adversarial"])
def test_inputs_that_tasks_read_themselves_have_masks_only_where_a_row_lacks_one(kind: str) -> None:
    model = built(kind, SHARED)
    without, with_masks = (len(model.features(batch(absent=absent))) for absent in (False, True))
    assert with_masks == without + len(SHAPES)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_read_alike_with_and_without_a_mask_of_ones(kind: str) -> None:
    model, inputs = built(kind, SHARED).eval(), batch(absent=False)
    masked = inputs | {presence_key("image"): torch.ones(6, dtype=torch.bool)}
    for one, other in zip(model(inputs), model(masked), strict=True):
        torch.testing.assert_close(one, other)


def test_a_fusion_told_to_take_half_of_what_arrives_is_refused_with_the_fix() -> None:
    encoders = {name: [{"kind": "linear", "out_features": 512}] for name in ("first", "second")}
    data = {"inputs": encoders, "fusion": {"kind": "concat", "in_features": 512}, "shared": SHARED}
    model, shapes = ModelSpec.model_validate(data, strict=False), {"first": (1000,), "second": (1000,)}
    (problem,) = describe_model(model, shapes, INFOS).problems
    assert problem.path == "model.fusion"
    assert "512 + 512" in (problem.error or "").replace(",", "")
    assert problem.fix is not None
    assert (problem.fix.path, problem.fix.value) == ("model.fusion.in_features", 1024)
    with pytest.raises(InputError, match=r"model\.fusion"):
        build_model(model, shapes, TWO)
    data["fusion"] = {"kind": "concat", "in_features": problem.fix.value}
    assert not describe_model(ModelSpec.model_validate(data, strict=False), shapes, INFOS).problems


def test_a_layer_told_to_take_half_of_what_arrives_is_refused_at_that_layer() -> None:
    encoders = {name: (Linear(out_features=512),) for name in ("first", "second")}
    model = ModelSpec(inputs=encoders, shared=(Linear(out_features=256, in_features=512),))
    (problem,) = describe_model(model, {"first": (1000,), "second": (1000,)}, INFOS).problems
    assert problem.path == "model.shared[0]"
    assert problem.fix is not None


@st.composite
def models(draw: st.DrawFn) -> tuple[ModelSpec, dict[str, tuple[int, ...]]]:
    """Any encoders of one to four inputs, any fusion and any sharing scheme, over any shared layers."""
    names = ("a", "train", "입력", "x y")[: draw(st.integers(1, 4))]
    shapes = {name: draw(INPUTS) for name in names}
    encoders = {name: draw(st.lists(LAYERS, max_size=2).map(tuple)) for name in names if draw(st.booleans())}
    kind = draw(st.sampled_from(FUSIONS))
    missing = draw(st.sampled_from(["stand_in", "mask"]))
    fusion = TypeAdapter(Fusion).validate_python({"kind": kind, "missing": missing, **SETTINGS.get(kind, {})})
    sharing = TypeAdapter(Sharing).validate_python({"kind": draw(st.sampled_from(KINDS))})
    shared = draw(st.lists(LAYERS, max_size=2).map(tuple))
    return ModelSpec(inputs=encoders, fusion=fusion, sharing=sharing, shared=shared), shapes


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=models())
def test_a_model_of_any_inputs_builds_as_described_or_is_refused_at_a_layer(
    drawn: tuple[ModelSpec, dict[str, tuple[int, ...]]],
) -> None:
    model, shapes = drawn
    info = describe_model(model, shapes, TARGETS)
    if info.problems:
        first = info.problems[0]
        assert first.path.startswith("model.")
        with pytest.raises(InputError) as caught:
            build_model(model, shapes, OUTPUTS)
        assert len(caught.value.problems) == 1
        assert caught.value.problem.path == first.path
        return
    network = build_model(model, shapes, OUTPUTS).eval()
    assert number(network.parameters()) == info.parameters
    outputs = network({name: torch.rand(2, *shape) for name, shape in shapes.items()})
    assert [tuple(output.shape[1:]) for output in outputs] == [info.outputs[task].output_shape for task in TARGETS]
