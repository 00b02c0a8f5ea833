"""Prefix tuning: learned keys and values of each task in the attention of a frozen trunk.

Covers: mtl_core/architectures/components/frozen_trunk.py.
"""

from math import sqrt
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from app.pages.model.diagram_layout import summary
from mtl_core.architectures import MultiTaskModel, build_model, describe_model
from mtl_core.architectures.layers.modules.attention import Attention, MultiHeadAttention, Prefix, SelfAttention
from mtl_core.architectures.sharing.prefixes import TaskPrefixes, attention_modules
from mtl_core.spec import ModelSpec, TargetInfo
from mtl_core.spec.sharing import Prefixes
from mtl_core.training.transfer.initial_weights import freeze_trunk
from tests.architectures.schemes import number
from tests.architectures.test_prompts import BLOCK, EMBEDDING, OUTPUTS, POOL, TEXTS, TRUNK

LENGTH, WIDTH = 3, 8


def spec_of(sharing: str, shared: list[Any] = TRUNK, **settings: Any) -> ModelSpec:
    settings = {"length": LENGTH, **settings} if sharing == "prefixes" else settings
    return ModelSpec.model_validate({"sharing": {"kind": sharing, **settings}, "shared": shared}, strict=False)


def built(sharing: str = "prefixes", shared: list[Any] = TRUNK, **settings: Any) -> MultiTaskModel:
    torch.manual_seed(0)
    return build_model(spec_of(sharing, shared, **settings), {"text": (TEXTS.shape[1],)}, OUTPUTS)


def prefixes_of(model: MultiTaskModel) -> dict[str, Tensor]:
    return {name: parameter for name, parameter in model.named_parameters() if name.startswith("prefixes.")}


def test_the_model_is_that_of_hard_sharing_with_keys_and_values_more_for_each_task_and_attention_layer() -> None:
    model, hard = built(), built("hard")
    state = model.state_dict()
    assert all(torch.equal(tensor, state.pop(name)) for name, tensor in hard.state_dict().items())
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == {
        f"prefixes.task_{task}.tokens": (LENGTH, 2 * 2 * WIDTH) for task in OUTPUTS
    }
    targets = {
        name: TargetInfo(name=name, kind="regression", width=width, mean=(0.0,) * width, std=(1.0,) * width)
        for name, width in OUTPUTS.items()
    }
    info = describe_model(spec_of("prefixes"), {"text": (TEXTS.shape[1],)}, targets)
    assert info.problems == ()
    assert info.parameters == number(model.parameters())
    assert info.trained_parameters == sum(number(model.head_parameters(task)) for task in OUTPUTS)
    assert summary(info).endswith(f"{100 * info.trained_parameters / info.parameters:.1f} % trained")


def test_prefixes_of_length_0_leave_the_trunk_as_it_is() -> None:
    empty = Prefixes.model_construct(length=0, hidden=None, initial_std=1.0)
    spec = spec_of("prefixes").model_copy(update={"sharing": empty})
    torch.manual_seed(0)
    model = build_model(spec, {"text": (TEXTS.shape[1],)}, OUTPUTS).eval()
    for ours, hard in zip(model({"text": TEXTS}), built("hard").eval()({"text": TEXTS}), strict=True):
        assert torch.equal(ours, hard)


def test_a_prefix_is_read_by_its_task_alone() -> None:
    model = built().eval()
    before = model({"text": TEXTS})
    with torch.no_grad():
        prefixes_of(model)["prefixes.task_left.tokens"].add_(1.0)
    left, right = model({"text": TEXTS})
    assert not torch.allclose(left, before[0])
    assert torch.equal(right, before[1])
    assert all(module.prefix is None for module in attention_modules(model))


@pytest.mark.parametrize("hidden", [None, 5])
def test_a_loss_reaches_its_task_s_prefixes_and_head_and_nothing_else(hidden: int | None) -> None:
    model = built(hidden=hidden)
    freeze_trunk(model, frozen=False)
    model({"text": TEXTS})[0].square().sum().backward()
    reached = {id(p) for p in model.parameters() if p.grad is not None and p.grad.any()}
    assert reached == {id(parameter) for parameter in model.head_parameters("left")}
    assert {name.split(".")[1] for name in prefixes_of(model)} == {f"task_{task}" for task in OUTPUTS}


@pytest.mark.parametrize("attention", [SelfAttention(6, 4, bias=True, dropout=0.0), MultiHeadAttention(6, 2)])
def test_attention_with_a_prefix_is_the_formula_of_the_paper(attention: Attention) -> None:
    """Each query's softmax over the prefix's keys and those of all tokens that are no padding."""
    heads, key_size, value_size = attention.prefix_sizes
    tokens, mask = torch.randn(2, 5, 6), torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]], dtype=torch.bool)
    prefix = Prefix(torch.randn(heads, LENGTH, key_size), torch.randn(heads, LENGTH, value_size))
    if isinstance(attention, MultiHeadAttention):
        query, key, value = attention.inputs(tokens).chunk(3, dim=-1)
    else:
        query, key, value = attention.query(tokens), attention.key(tokens), attention.value(tokens)  # type: ignore[operator]
    expected = torch.zeros(2, 5, heads * value_size)
    for row in range(2):
        count = int(mask[row].sum())
        for head in range(heads):
            own = slice(head * key_size, (head + 1) * key_size)
            keys = torch.cat([prefix.keys[head], key[row, :count, own]])
            values = torch.cat([prefix.values[head], value[row, :count, own]])
            scores = query[row, :, own] @ keys.T / sqrt(key_size)
            expected[row, :, own] = scores.softmax(dim=1) @ values
    attention.prefix = prefix
    if isinstance(attention, MultiHeadAttention):
        torch.testing.assert_close(attention(tokens, mask), attention.output(expected))
    else:
        torch.testing.assert_close(attention(tokens.transpose(1, 2), mask), expected.transpose(1, 2))
    attention.prefix = None


def test_a_perceptron_makes_the_prefixes_of_all_layers_from_one_row_for_each_token() -> None:
    sizes = [module.prefix_sizes for module in attention_modules(built())]
    made = TaskPrefixes(sizes, Prefixes(length=LENGTH, hidden=5))
    first, _, second = made.perceptron.children()  # type: ignore[union-attr]
    assert isinstance(first, nn.Linear)
    assert isinstance(second, nn.Linear)
    hidden = torch.tanh(made.tokens @ first.weight.T + first.bias)
    expected = hidden @ second.weight.T + second.bias
    flat = [part.transpose(0, 1).flatten(1) for prefix in made() for part in prefix]
    torch.testing.assert_close(torch.cat(flat, dim=1), expected)


def test_padding_changes_nothing_though_a_prefix_stands_before_the_text() -> None:
    sines = {"kind": "positional_encoding", "encoding": "sinusoidal"}
    outputs = []
    for length in (5, 9):
        torch.manual_seed(0)
        model = build_model(spec_of("prefixes", [EMBEDDING, sines, BLOCK, POOL]), {"text": (length,)}, OUTPUTS).eval()
        texts = torch.cat([TEXTS, TEXTS.new_zeros(len(TEXTS), length - TEXTS.shape[1])], dim=1)
        outputs.append(model({"text": texts})[0])
    torch.testing.assert_close(*outputs, rtol=1e-5, atol=1e-6)


def test_a_trunk_without_attention_takes_no_prefixes() -> None:
    model = built(shared=[EMBEDDING, {"kind": "global_avg_pool"}])
    assert not prefixes_of(model)
    model({"text": TEXTS})[0].sum().backward()
