"""TabM: members share weights as in the authors' package, and stay apart; under every sharing scheme.

Covers: mtl_core/architectures/layers/members.py, mtl_core/architectures/planning/members.py.
"""

from typing import Any

import pytest
import tabm as reference
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from mtl_core.architectures import build_model, describe_model
from mtl_core.spec import ModelSpec, TargetInfo
from mtl_core.spec import layers as spec
from tests.architectures.schemes import KINDS
from tests.architectures.tables import INPUTS, table_rows

K = 3
OUTPUTS = {"a": 2, "b": 1}
TARGETS = {
    "a": TargetInfo(name="a", kind="multiclass", classes=("x", "y")),
    "b": TargetInfo(name="b", kind="regression"),
}
VARIANTS = ("mini", "full", "packed")


def trunk(variant: str, **settings: Any) -> tuple[Any, ...]:
    begin = spec.TabM(members=K, variant=variant, **settings)  # type: ignore[arg-type]
    return (begin, spec.Linear(out_features=6), spec.ReLU(), spec.Linear(out_features=4), spec.ReLU())


def built(variant: str, sharing: str = "hard", **settings: Any) -> Any:
    torch.manual_seed(0)
    model = ModelSpec.model_validate({"sharing": {"kind": sharing}}, strict=False)
    return build_model(model.model_copy(update={"shared": trunk(variant, **settings)}), INPUTS, OUTPUTS)


def theirs_of(variant: str) -> Any:
    """The authors' model on the same table: three numbers, then two categories."""
    kind = "tabm" if variant == "full" else f"tabm-{variant}"
    scaling = None if variant == "packed" else "random-signs"
    settings = {"arch_type": kind, "start_scaling_init": scaling, "n_blocks": 2, "d_block": 6, "dropout": 0.0, "k": K}
    return reference.TabM(n_num_features=3, cat_cardinalities=[3, 2], d_out=2, **settings)


NUMBERS, CATEGORIES = [0, 4, 7], [1, 2, 3, 5, 6]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_computes_what_the_authors_package_computes(variant: str) -> None:
    theirs = theirs_of(variant)
    model: Any = ModelSpec(shared=(spec.TabM(members=K, variant=variant), *_BLOCKS))  # type: ignore[arg-type]
    ours = build_model(model, {"table": (8,)}, {"a": 2})
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in theirs.parameters())
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.add_(torch.randn_like(parameter) / 10)
    ours.load_state_dict(_state_of(theirs, variant))
    rows = table_rows()["table"]
    categories = torch.stack([rows[:, 1:4].argmax(1), rows[:, 5:7].argmax(1)], dim=1)
    seen = rows[:, 1:4].any(dim=1)  # the authors' model takes no unseen category
    inputs = rows[:, NUMBERS + CATEGORIES]
    output = ours({"table": inputs[seen]})[0]
    torch.testing.assert_close(output, theirs(rows[seen][:, NUMBERS], categories[seen]))
    target = torch.arange(len(output)) % 2
    loss = torch.nn.functional.cross_entropy(output.flatten(0, 1), target.repeat_interleave(K))
    members = [torch.nn.functional.cross_entropy(output[:, i], target) for i in range(K)]
    torch.testing.assert_close(loss, torch.stack(members).mean())


_BLOCKS = (spec.Linear(out_features=6), spec.ReLU(), spec.Linear(out_features=6), spec.ReLU())


def _state_of(theirs: Any, variant: str) -> dict[str, Tensor]:
    """The authors' parameters under our names."""
    first, second = theirs.backbone.blocks[0][0], theirs.backbone.blocks[1][0]
    state = {"heads.task_a.0.weight": theirs.output.weight, "heads.task_a.0.bias": theirs.output.bias.unsqueeze(1)}
    for name, layer in (("1", first), ("3", second)):
        bias = {"mini": layer.bias, "full": layer.bias[None], "packed": layer.bias[..., None, :]}[variant]
        weight = f"shared.{name}.linear.weight" if variant == "full" else f"shared.{name}.weight"
        state |= {weight: layer.weight, f"shared.{name}.bias": bias}
    if variant == "mini":
        return state | {"shared.0.scaling": theirs.backbone.affine.weight[None]}
    if variant == "packed":
        return state
    scalings = {"shared.0.scaling": first.r, "shared.1.output_scaling": first.s}
    scalings |= {"shared.3.input_scaling": second.r, "shared.3.output_scaling": second.s}
    return state | {name: scaling[None] for name, scaling in scalings.items()}


@pytest.mark.parametrize("variant", VARIANTS)
def test_members_differ_from_the_beginning(variant: str) -> None:
    output = built(variant)(table_rows())[0]
    assert output.shape == (6, K, 2)
    assert all(not torch.allclose(output[:, i], output[:, j]) for i in range(K) for j in range(i))


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_member_s_loss_reaches_no_other_member_s_own_weights(variant: str) -> None:
    model = built(variant)
    model(table_rows())[0][:, 1].square().sum().backward()
    parameters = [parameter for parameter in model.parameters() if parameter.grad is not None]
    own = [parameter for parameter in parameters if parameter.dim() == 3 and K in parameter.shape[:2]]
    assert own
    for parameter in own:
        reached = parameter.grad.view(K, -1).any(dim=1)
        assert reached.tolist() == [False, True, False]


@pytest.mark.parametrize("scaling", ["random_signs", "normal"])
def test_the_features_of_a_column_begin_with_one_scaling(scaling: str) -> None:
    weight = built("mini", scaling=scaling).shared[0].scaling[0]
    assert (weight[:, 1:4] == weight[:, 1:2]).all()
    assert (weight[:, 5:7] == weight[:, 5:6]).all()
    assert (weight.abs() == 1).all() == (scaling == "random_signs")
    tokens = (spec.FeatureEmbeddings(dimensions=4), spec.TabM(members=K, scaling=scaling), spec.Flatten())  # type: ignore[arg-type]
    embedded: Any = build_model(ModelSpec(shared=tokens), INPUTS, OUTPUTS)
    assert embedded.shared[1].scaling.shape == (1, K, 4, 5)
    assert (embedded.shared[1].scaling == embedded.shared[1].scaling[:, :, :1]).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_model_has_the_shapes_and_the_size_that_were_described(variant: str) -> None:
    layers = (*trunk(variant), spec.LayerNorm())
    model = ModelSpec(shared=layers, heads={"a": (spec.Linear(out_features=4),)})
    described = describe_model(model, INPUTS, TARGETS)
    assert not described.problems
    ours: Any = build_model(model, INPUTS, OUTPUTS)
    assert described.parameters == sum(p.numel() for p in ours.parameters())
    assert [layer.output_shape for layer in described.shared] == [(8,), (6,), (6,), (4,), (4,), (4,)]
    assert [tuple(output.shape) for output in ours(table_rows())] == [(6, K, 2), (6, K, 1)]


@pytest.mark.parametrize("sharing", KINDS)
def test_every_sharing_scheme_takes_members(sharing: str) -> None:
    model = built("full", sharing).train()
    masks = [torch.arange(6) > 1, None]
    model.set_label_masks(masks)
    outputs = model(table_rows())
    assert [tuple(output.shape) for output in outputs] == [(6, K, 2), (6, K, 1)]
    penalty = model.penalty()
    (sum(output.square().sum() for output in outputs) + (0 if penalty is None else penalty)).backward()
    frozen = {id(parameter) for parameter in model.frozen_parameters()}
    assert all(parameter.grad is not None for parameter in model.parameters() if id(parameter) not in frozen)


def test_members_begin_once_and_on_features() -> None:
    twice = describe_model(ModelSpec(shared=(spec.TabM(), spec.TabM())), {"table": (4,)}, TARGETS)
    assert [problem.error for problem in twice.problems] == ["TabM is already above: the members begin once."]
    image = describe_model(ModelSpec(shared=(spec.TabM(),)), {"image": (1, 4, 4)}, TARGETS)
    assert image.problems[0].fix is not None
    assert image.problems[0].fix.label == "Add Flatten before"


def test_an_encoder_cannot_begin_members() -> None:
    encoders: Any = {"u": (spec.TabM(),), "v": ()}
    described = describe_model(ModelSpec(inputs=encoders), {"u": (4,), "v": (3,)}, TARGETS)
    (problem,) = described.problems
    assert problem.path == "model.inputs.u[0]"
    assert problem.fix is not None
    assert problem.fix.label == "Remove this layer"


def test_a_member_has_a_copy_of_any_layer_if_it_has_all_of_its_own() -> None:
    layers = (spec.FeatureEmbeddings(dimensions=4), spec.TabM(members=K, variant="packed"), spec.Conv1d(out_channels=2))
    model: Any = build_model(ModelSpec(shared=layers), INPUTS, OUTPUTS)
    inputs = table_rows()
    features = model.features(inputs)[0].view(6, K, 2, 5)
    tokens = model.shared[0](inputs["table"])
    for member, convolution in enumerate(model.shared[2].copies.values()):
        torch.testing.assert_close(features[:, member], convolution(tokens))


def test_a_task_alone_may_have_members() -> None:
    heads = {"a": (spec.TabM(members=K), spec.Linear(out_features=4))}
    model = build_model(ModelSpec(shared=(spec.Linear(out_features=5),), heads=heads), {"table": (8,)}, OUTPUTS)
    assert [tuple(output.shape) for output in model(table_rows())] == [(6, K, 2), (6, 1)]


BEHIND = st.sampled_from(
    (
        spec.Linear(out_features=3), spec.LayerNorm(), spec.BatchNorm1d(), spec.Flatten(), spec.Tanh(),
        spec.GroupNorm(num_groups=1), spec.Conv1d(out_channels=2), spec.GlobalAvgPool(), spec.MaxPool1d(),
        spec.GRU(hidden_size=2),
    )
)  # fmt: skip
STARTS = st.sampled_from(((), (spec.Linear(out_features=4),), (spec.FeatureEmbeddings(dimensions=2),)))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    start=STARTS,
    variant=st.sampled_from(VARIANTS),
    behind=st.lists(BEHIND, max_size=4).map(tuple),
    head=st.lists(BEHIND, max_size=2).map(tuple),
)
def test_any_stack_with_members_builds_as_described_or_is_refused(
    start: Any, variant: Any, behind: Any, head: Any
) -> None:
    layers = (*start, spec.TabM(members=K, variant=variant), *behind)
    model = ModelSpec(shared=layers, heads={"a": head})
    described = describe_model(model, INPUTS, TARGETS)
    if described.problems:
        assert described.problems[0].error is not None
        assert "cannot be built" not in described.problems[0].error
        return
    ours: Any = build_model(model, INPUTS, OUTPUTS)
    assert described.parameters == sum(p.numel() for p in ours.parameters())
    rows, shapes = table_rows(4), [layer.output_shape for layer in described.shared]
    features = rows["table"]
    for layer, shape in zip(ours.shared, shapes, strict=True):
        features = layer(features)
        assert tuple(features.shape[1:]) == shape
    ours.eval()
    outputs = ours(rows)
    assert [tuple(output.shape) for output in outputs] == [(4, K, 2), (4, K, 1)]
    alone = ours({"table": rows["table"][2:3]})
    torch.testing.assert_close([output[2:3] for output in outputs], alone, rtol=1e-4, atol=1e-5)
