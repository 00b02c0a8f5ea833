"""Every kind of fusion: what it computes, and what all of them have in common.

Covers: mtl_core/architectures/fusion/, mtl_core/architectures/fusion/components/, mtl_core/spec/fusion/.
"""

from pkgutil import iter_modules
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from mtl_core.architectures import fusion
from mtl_core.architectures.fusion.components import attention
from mtl_core.architectures.fusion.components.attention import MultiHeadAttention, attend
from mtl_core.architectures.fusion.components.rows import mean_over_positions
from mtl_core.architectures.fusion.registry import FUSIONS
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.spec import Spec, data_to_yaml, kind_of, members, parse_yaml, spec_to_data
from mtl_core.spec.fusion import BaseFusion, Fusion
from tests.architectures.fusion.examples import (
    KINDS,
    fused,
    fusion_of,
    random_inputs,
    text_encoder,
    with_absent,
)

every_kind = pytest.mark.parametrize("kind", KINDS)
every_missing = pytest.mark.parametrize("missing", ["stand_in", "mask"])
ROWS = {"one": (4,), "two": (4,), "three": (4,)}


def test_every_kind_has_a_module_and_no_other_module_stands_there() -> None:
    modules = {module.name for module in iter_modules(fusion.__path__) if not module.ispkg}
    assert modules == {*FUSIONS, "registry", "encoded_inputs"}
    assert list(FUSIONS) == KINDS


@pytest.mark.parametrize("member", members(Fusion), ids=kind_of)
def test_a_kind_survives_its_file_and_says_what_it_does(member: type[Spec]) -> None:
    written = data_to_yaml(spec_to_data(fusion_of(kind_of(member), missing="mask", modality_dropout=0.25)))
    data = parse_yaml(written)
    assert fusion_of(**data) == fusion_of(kind_of(member), missing="mask", modality_dropout=0.25)
    assert issubclass(member, BaseFusion)
    assert member.title
    assert member.help().endswith(".")


@every_missing
@every_kind
def test_rows_are_independent_of_each_other(kind: str, missing: str) -> None:
    module = fused(fusion_of(kind, missing=missing)).eval()
    inputs = with_absent(random_inputs(), title=[0, 2], image=[2, 3], table=[2])
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    shuffled = {name: tensor[order] for name, tensor in inputs.items()}
    torch.testing.assert_close(module(shuffled), module(inputs)[order])
    alone = {name: tensor[2:3] for name, tensor in inputs.items()}
    torch.testing.assert_close(module(alone), module(inputs)[2:3])
    assert module(inputs).isfinite().all()


@every_missing
@every_kind
def test_what_an_absent_input_holds_has_no_influence(kind: str, missing: str) -> None:
    module = fused(fusion_of(kind, missing=missing)).eval()
    inputs = random_inputs()
    other = {name: tensor.clone() for name, tensor in inputs.items()}
    other["title"][1], other["table"][3] = float("nan"), 1e6
    absent: dict[str, Any] = {"title": [1], "table": [3]}
    assert torch.equal(module(with_absent(inputs, **absent)), module(with_absent(other, **absent)))
    assert not torch.equal(module(inputs)[[1, 3]], module(with_absent(inputs, **absent))[[1, 3]])
    present = [0, 2, 4, 5]
    torch.testing.assert_close(module(inputs)[present], module(with_absent(inputs, **absent))[present])


@every_missing
@every_kind
def test_gradients_reach_the_encoders_of_present_inputs_alone(kind: str, missing: str) -> None:
    module = fused(fusion_of(kind, missing=missing))
    inputs = {name: tensor.requires_grad_() for name, tensor in random_inputs().items()}
    module(with_absent(inputs, title=[1], table=[3])).square().sum().backward()
    for name, tensor in inputs.items():
        assert tensor.grad is not None
        assert tensor.grad.isfinite().all()
        absent = {"title": 1, "table": 3}.get(name)
        reached = tensor.grad.flatten(1).abs().sum(dim=1) > 0
        assert [row for row in range(6) if not reached[row]] == ([] if absent is None else [absent])
    unused = {name for name, parameter in module.named_parameters() if parameter.grad is None}
    assert unused == ({"stand_ins.input_image"} if missing == "stand_in" else set())


@every_kind
def test_several_models_are_computed_at_once(kind: str) -> None:
    modules = [fused(fusion_of(kind, missing="mask"), seed=seed).eval() for seed in (0, 1)]
    stacked, _ = torch.func.stack_module_state(modules)
    inputs = with_absent(random_inputs(), title=[1], image=[2])
    twice = {name: torch.stack([tensor, tensor.flip(0)]) for name, tensor in inputs.items()}

    def output(parameters: Any, one: Any) -> Tensor:
        result: Tensor = torch.func.functional_call(modules[0], parameters, (one,))
        return result

    outputs = torch.func.vmap(output, randomness="different")(stacked, twice)
    for number, module in enumerate(modules):
        torch.testing.assert_close(outputs[number], module({name: tensor[number] for name, tensor in twice.items()}))


@every_kind
def test_lower_precision_gives_nearly_the_same(kind: str) -> None:
    module = fused(fusion_of(kind)).float().eval()
    inputs = {name: tensor.float() for name, tensor in random_inputs().items()}
    inputs = with_absent(inputs, title=[1], table=[2])
    with torch.autocast("cpu", torch.bfloat16):
        output = module(inputs)
    torch.testing.assert_close(output.float(), module(inputs), atol=0.1, rtol=0.1)


def test_concatenation_sum_and_mean_are_what_they_say() -> None:
    inputs = random_inputs(ROWS)
    values = list(inputs.values())
    for missing in ("stand_in", "mask"):
        assert torch.equal(fused(fusion_of("concat", missing=missing), ROWS)(inputs), torch.cat(values, dim=1))
        total = fused(fusion_of("sum", width=None, missing=missing), ROWS)(inputs)
        torch.testing.assert_close(total, values[0] + values[1] + values[2])
        mean = fused(fusion_of("mean", width=None, missing=missing), ROWS)(inputs)
        torch.testing.assert_close(mean, torch.stack(values).mean(dim=0))


def test_what_is_left_out_does_not_count() -> None:
    inputs = with_absent(random_inputs(ROWS), one=[0, 1], two=[1], three=[1])
    left = inputs["two"][0], inputs["three"][0]
    zeros = torch.zeros(4, dtype=torch.float64)
    expected = {
        "concat": (torch.cat([zeros, *left]), torch.zeros(12, dtype=torch.float64)),
        "sum": (left[0] + left[1], zeros),
        "mean": ((left[0] + left[1]) / 2, zeros),
    }
    for kind, rows in expected.items():
        settings = {} if kind == "concat" else {"width": None}
        output = fused(fusion_of(kind, missing="mask", **settings), ROWS)(inputs)
        torch.testing.assert_close(output[:2], torch.stack(rows))


def test_a_width_maps_each_input_linearly() -> None:
    module = fused(fusion_of("sum", width=6))
    inputs = random_inputs()
    maps: Any = module.fusion.rows.projections
    rows = {"table": inputs["table"], "title": inputs["title"].mean(2), "image": inputs["image"].mean((2, 3))}
    terms = [maps.for_input(name)(row) for name, row in rows.items()]
    torch.testing.assert_close(module(inputs), terms[0] + terms[1] + terms[2])


def test_the_gates_of_two_inputs_are_z_and_one_minus_z() -> None:
    shapes = {"one": (4,), "two": (4,)}
    module = fused(fusion_of("gated", width=None), shapes)
    inputs = random_inputs(shapes)
    scores = module.fusion.gate(torch.cat(list(inputs.values()), dim=1))  # type: ignore[operator, union-attr]
    gate = torch.sigmoid(scores[:, :4] - scores[:, 4:])
    torch.testing.assert_close(module(inputs), gate * inputs["one"] + (1 - gate) * inputs["two"])
    masked = fused(fusion_of("gated", width=None, missing="mask"), shapes)(with_absent(inputs, one=[1]))
    torch.testing.assert_close(masked[1], inputs["two"][1])


def test_low_rank_bilinear_is_a_bilinear_map_of_that_rank() -> None:
    shapes = {"one": (4,), "two": (3,)}
    module: Any = fused(fusion_of("bilinear", rank=2, width=5, missing="mask"), shapes)
    inputs = random_inputs(shapes)
    factors = [module.fusion.factors.for_input(name) for name in shapes]
    output = module.fusion.output
    assert all((factor.bias == 1).all() for factor in factors)
    ones = torch.ones(6, 1, dtype=torch.float64)
    left, right = (torch.cat([tensor, ones], dim=1) for tensor in inputs.values())
    first, second = (torch.cat([factor.weight, factor.bias[:, None]], dim=1) for factor in factors)
    matrices = torch.einsum("or,ri,rj->oij", output.weight, first, second)
    torch.testing.assert_close(module(inputs), torch.einsum("ni,oij,nj->no", left, matrices, right) + output.bias)
    alone = module(with_absent(inputs, one=[0]))[0]
    torch.testing.assert_close(alone, output(factors[1](inputs["two"][0])))


def test_a_mixture_weights_its_experts_by_the_gate() -> None:
    module: Any = fused(fusion_of("mixture", missing="mask"), ROWS)
    inputs = with_absent(random_inputs(ROWS), one=[0])
    joint = torch.cat([inputs[name] for name in ROWS], dim=1)
    joint[0, :4] = 0
    experts = [module.fusion.experts.for_input(name)(inputs[name]) for name in ROWS]
    outputs = torch.stack([*experts, module.fusion.joint_expert(joint)], dim=1)
    weights = module.fusion.gate(joint).exp()
    weights[0, 0] = 0
    weights = weights / weights.sum(dim=1, keepdim=True)
    torch.testing.assert_close(module(inputs), torch.einsum("ne,new->nw", weights, outputs))


@pytest.mark.parametrize("limit", [0, 2**16], ids=["kernel", "matrix"])
def test_attention_is_torchs(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(attention, "_MAX_SCORES", limit)
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, 3, length, 4) for length in (5, 7, 7))
    mask = torch.rand(2, 1, 1, 7) > 0.3
    mask[..., 0] = True
    for hidden in (None, mask):
        expected = scaled_dot_product_attention(query, key, value, attn_mask=hidden)
        torch.testing.assert_close(attend(query, key, value, hidden), expected)


def test_multi_head_attention_is_torchs() -> None:
    torch.manual_seed(0)
    ours, theirs = MultiHeadAttention(6, 2), torch.nn.MultiheadAttention(6, 2, batch_first=True)
    layers = (ours.query, ours.key, ours.value)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([layer.weight for layer in layers]))
        theirs.in_proj_bias.copy_(torch.cat([layer.bias for layer in layers]))
        theirs.out_proj.load_state_dict(ours.output.state_dict())
    queries, context = torch.randn(3, 4, 6), torch.randn(3, 5, 6)
    mask = torch.tensor([[True] * 5, [True, False, True, False, True], [False] * 5])
    output = ours(queries, context, mask)
    expected = theirs(queries[:2], context[:2], context[:2], key_padding_mask=~mask[:2], need_weights=False)[0]
    torch.testing.assert_close(output[:2], expected)
    assert (output[2] == 0).all()


def test_cross_attention_reads_the_other_inputs_and_may_keep_positions() -> None:
    inputs = random_inputs()
    mean: Any = fused(fusion_of("cross_attention", query="image")).eval()
    kept: Any = fused(fusion_of("cross_attention", query="image", keep_positions=True)).eval()
    assert kept(inputs).shape == (6, 6, 3, 3)
    torch.testing.assert_close(kept(inputs).mean(dim=(2, 3)), mean(inputs))
    tokens = mean.fusion.tokens(inputs)
    context = torch.cat([tokens["table"], tokens["title"]], dim=1)
    expected = mean.fusion.norm(mean.fusion.block(tokens["image"], context, None))
    torch.testing.assert_close(kept(inputs).flatten(2).transpose(1, 2), expected)


def test_inputs_meet_in_the_bottleneck_alone() -> None:
    """In the first layer no token of an input reads another input; in the second it does."""
    torch.manual_seed(0)
    module: Any = fused(fusion_of("bottleneck", layers=2)).eval()
    tokens = module.fusion.tokens(random_inputs())
    other = {**tokens, "table": tokens["table"] + 1}
    bottleneck = module.fusion.bottleneck.expand(6, -1, -1)
    layer = module.fusion.layers[0]
    (one, one_bottlenecks), (two, two_bottlenecks) = layer(tokens, bottleneck, {}), layer(other, bottleneck, {})
    assert torch.equal(one["title"], two["title"])
    assert not torch.equal(one_bottlenecks[0], two_bottlenecks[0])
    for quick, full in zip(layer.bottlenecks(tokens, bottleneck, {}), one_bottlenecks, strict=True):
        torch.testing.assert_close(quick, full)


def test_the_mean_over_positions_leaves_padding_out() -> None:
    features = torch.arange(12.0).view(2, 2, 3)
    padding = torch.tensor([[True, True, False], [True, False, False]])
    expected = torch.tensor([[0.5, 3.5], [6.0, 9.0]])
    assert torch.equal(mean_over_positions(features, padding), expected)
    assert torch.equal(mean_over_positions(features, None), features.mean(dim=2))
    assert torch.equal(mean_over_positions(expected, None), expected)


@every_kind
def test_what_stands_behind_the_end_of_a_text_has_no_influence(kind: str) -> None:
    """Padding is shorter or longer by chance, so the same text with more of it is the same."""
    settings = {"query": "title"} if kind == "cross_attention" else {}
    encoders = {"table": LayerStack(), "title": LayerStack(text_encoder()[0])}
    short = fused(fusion_of(kind, **settings), {"table": (4,), "title": (3, 5)}, encoders).eval()
    inputs = random_inputs({"table": (4,)}, rows=2)
    text = torch.tensor([[2, 3, 4, 0, 0], [5, 6, 0, 0, 0]])
    longer = torch.cat([text, torch.zeros(2, 3, dtype=torch.long)], dim=1)
    torch.testing.assert_close(short({**inputs, "title": text}), short({**inputs, "title": longer}))
