"""Soft prompts, prefixes and low-rank updates in pretrained models.

Covers: mtl_core/architectures/layers/prefixed_attention.py.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.architectures.layers.modules.attention import Prefix
from mtl_core.architectures.layers.prefixed_attention import accept_prefixes
from mtl_core.architectures.layers.pretrained import Pretrained
from mtl_core.architectures.sharing.lora import LowRankLinear
from mtl_core.architectures.sharing.prefixes import attention_modules
from mtl_core.spec import InputError, ModelSpec
from mtl_core.spec import layers as spec_layers
from mtl_core.spec.sharing import Lora, Prefixes
from tests.architectures.folders import (
    CHANNELS,
    ENCODER_DECODERS,
    SAMPLES,
    SIZE,
    WIDTH,
    layer_data,
    model_folder,
    sound_folder,
    text_folder,
)
from tests.architectures.test_pretrained_texts import LENGTH, TOKENS, small

OUTPUTS = {"left": 3, "right": 2}


def text_model(folder: Path, name: str) -> tuple[int, ...]:
    if name in ENCODER_DECODERS:
        text_folder(folder, name, **ENCODER_DECODERS[name])
    else:
        small(folder, name)
    return (LENGTH,)


def image_model(folder: Path, name: str) -> tuple[int, ...]:
    model_folder(folder, name)
    return (CHANNELS, SIZE, SIZE)


def sound_model(folder: Path, name: str) -> tuple[int, ...]:
    sound_folder(folder, name)
    return (1, SAMPLES)


Make = Callable[[Path, str], tuple[int, ...]]
TAKES_PREFIXES: dict[str, Make] = {
    **dict.fromkeys(("Bert", "GPT2", "T5"), text_model),
    "ViT": image_model,
    "Wav2Vec2": sound_model,
}


def inputs_of(shape: tuple[int, ...]) -> Tensor:
    return TOKENS if len(shape) == 1 else torch.randn(3, *shape, generator=torch.Generator().manual_seed(0))


def built(folder: Path, shape: tuple[int, ...], sharing: Any, output: str = "mean") -> MultiTaskModel:
    spec = ModelSpec.model_validate({"shared": [layer_data(folder, output=output)]}, strict=False)
    sharing = sharing if not isinstance(sharing, dict) else spec_of(sharing)
    torch.manual_seed(0)
    return build_model(spec.model_copy(update={"sharing": sharing}), {"x": shape}, OUTPUTS).eval()


def spec_of(sharing: dict[str, Any]) -> Any:
    return ModelSpec.model_validate({"sharing": sharing}, strict=False).sharing


@pytest.mark.parametrize("name", TAKES_PREFIXES)
def test_prefixes_stand_in_every_attention_layer_and_one_task_s_reach_its_output_alone(
    name: str, tmp_path: Path
) -> None:
    shape = TAKES_PREFIXES[name](tmp_path, name)
    inputs = {"x": inputs_of(shape)}
    hard = built(tmp_path, shape, {"kind": "hard"})(inputs)
    empty = built(tmp_path, shape, Prefixes.model_construct(length=0, hidden=None, initial_std=1.0))
    assert len(attention_modules(empty)) == 2
    torch.testing.assert_close(empty(inputs), hard, rtol=1e-5, atol=1e-6)
    model = built(tmp_path, shape, {"kind": "prefixes", "length": 4})
    before = model(inputs)
    assert not torch.allclose(before[0], hard[0])
    with torch.no_grad():
        model.get_parameter("prefixes.task_left.tokens").add_(1.0)
    left, right = model(inputs)
    assert not torch.allclose(left, before[0])
    assert torch.equal(right, before[1])
    model.train()(inputs)[0].square().sum().backward()
    reached = {id(p) for p in model.parameters() if p.grad is not None and p.grad.any()}
    assert reached == {id(parameter) for parameter in model.head_parameters("left")}


def test_prefixed_attention_of_a_pretrained_model_is_the_formula_of_the_paper(tmp_path: Path) -> None:
    theirs = text_folder(tmp_path)
    layer = Pretrained(theirs, spec_layers.Pretrained(path=str(tmp_path), output="positions")).eval()
    accept_prefixes(layer, (LENGTH,))
    (attention, _) = attention_modules(layer)
    assert attention.prefix_sizes == (2, WIDTH // 2, WIDTH // 2)
    own: Any = attention
    states, hidden = torch.randn(2, 5, WIDTH), torch.zeros(2, 1, 1, 5)
    hidden[1, 0, 0, 3:] = torch.finfo(torch.float32).min
    prefix = Prefix(torch.randn(2, 3, WIDTH // 2), torch.randn(2, 3, WIDTH // 2))
    attention.prefix = prefix
    found = own(states, hidden)[0]
    for row, count in ((0, 5), (1, 3)):
        for head, place in ((0, slice(0, 8)), (1, slice(8, 16))):
            keys = torch.cat([prefix.keys[head], own.key(states[row, :count])[:, place]])
            values = torch.cat([prefix.values[head], own.value(states[row, :count])[:, place]])
            weights = (own.query(states[row])[:, place] @ keys.T / 8**0.5).softmax(dim=1)
            torch.testing.assert_close(found[row, :, place], weights @ values, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("make", "name"), [(text_model, "DebertaV2"), (sound_model, "WavLM")])
def test_attention_that_reads_no_prefixes_is_refused(make: Make, name: str, tmp_path: Path) -> None:
    shape = make(tmp_path, name)
    with pytest.raises(InputError, match=r"model\.shared\[0\].*attention reads no prefixes; take LoRA"):
        built(tmp_path, shape, {"kind": "prefixes"})


@pytest.mark.parametrize(("name", "output"), [("Bert", "pooled"), ("Albert", "mean"), ("T5", "positions")])
def test_a_prompt_stands_among_the_embedded_tokens_of_a_text(name: str, output: str, tmp_path: Path) -> None:
    """Against the library's model, which reads as words what the prompt is set to."""
    words = [6, 7]
    shape = text_model(tmp_path, name)
    model = built(tmp_path, shape, {"kind": "prompts", "length": 2}, output)
    hard: Any = built(tmp_path, shape, {"kind": "hard"}, output).get_submodule("shared.0")
    theirs: Any = hard.pretrained
    with torch.no_grad():
        model.get_parameter("prompts.task_left.tokens").copy_(theirs.get_input_embeddings()(torch.tensor(words)).T)
        first = 1 if output == "pooled" else 0
        for row in TOKENS[:2]:
            ids = (row[row > 0].long() - 1).tolist()
            prompted = torch.tensor([[*ids[:first], *words, *ids[first:]]])
            outputs = theirs(input_ids=prompted, attention_mask=torch.ones_like(prompted))
            states = outputs.last_hidden_state[0, 2:].T
            expected = {"pooled": lambda o=outputs: o.pooler_output[0], "mean": lambda s=states: s.mean(1)}
            run: Any = model
            found = run.run_trunk("left", row[None], None)[0][0]
            if output == "positions":
                found, expected_states = found[:, : len(ids)], states
            else:
                expected_states = expected[output]()
            torch.testing.assert_close(found, expected_states, rtol=1e-4, atol=1e-5)


def test_a_prompt_in_a_pretrained_model_is_its_task_s_own_and_nothing_of_the_model_learns(tmp_path: Path) -> None:
    model = built(tmp_path, text_model(tmp_path, "Bert"), {"kind": "prompts", "length": 2}, "positions").train()
    model({"x": TOKENS})[0].square().sum().backward()
    reached = {id(p) for p in model.parameters() if p.grad is not None and p.grad.any()}
    assert reached == {id(parameter) for parameter in model.head_parameters("left")}
    assert tuple(model.get_parameter("prompts.task_left.tokens").shape) == (WIDTH, 2)


@pytest.mark.parametrize(
    ("make", "name", "reason"),
    [
        (image_model, "ViT", "among the tokens of a text only"),
        (text_model, "Bert", "at most 12 tokens, and a text of 8 with a prompt of 10 arrives here"),
    ],
)
def test_prompts_that_a_pretrained_model_cannot_read_are_refused(
    make: Make, name: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=reason):
        built(tmp_path, make(tmp_path, name), {"kind": "prompts"})


def updated(model: MultiTaskModel) -> list[str]:
    return [name for name, module in model.named_modules() if isinstance(module, LowRankLinear)]


@pytest.mark.parametrize(("name", "each"), [("Bert", 4), ("GPT2", 2), ("T5", 4)])
def test_updates_of_attention_alone_are_those_of_its_projections(name: str, each: int, tmp_path: Path) -> None:
    shape = text_model(tmp_path, name)
    everything = updated(built(tmp_path, shape, {"kind": "lora"}))
    attention = updated(built(tmp_path, shape, {"kind": "lora", "layers": "attention"}))
    assert len(attention) == 2 * each < len(everything)
    assert all("att" in layer.lower() for layer in attention)


def test_an_update_of_a_transposed_layer_is_the_rule_of_the_paper(tmp_path: Path) -> None:
    theirs = small(tmp_path, "GPT2").h[0].attn.c_attn
    layer, inputs = LowRankLinear(theirs, Lora(rank=2, alpha=6.0)), torch.randn(4, 3, WIDTH)
    torch.testing.assert_close(layer(inputs), theirs(inputs))
    torch.nn.init.normal_(layer.lora_b)
    weight = theirs.weight.T + 3 * layer.lora_b @ layer.lora_a
    torch.testing.assert_close(layer(inputs), inputs @ weight.T + theirs.bias)


@pytest.mark.parametrize(("make", "name"), [(text_model, "GPT2"), (image_model, "ViT"), (sound_model, "WavLM")])
def test_every_update_learns_and_nothing_else_of_the_model_does(make: Make, name: str, tmp_path: Path) -> None:
    shape = make(tmp_path, name)
    model = built(tmp_path, shape, {"kind": "lora", "rank": 2}).train()
    sum(output.square().sum() for output in model({"x": inputs_of(shape)})).backward()
    assert all(p.grad is not None for p in model.shared_parameters())
    assert all(p.grad is None for p in model.frozen_parameters())
    assert model.shared_parameters()


def test_updates_of_attention_alone_need_attention() -> None:
    sharing = {"kind": "lora", "layers": "attention"}
    spec = ModelSpec.model_validate(
        {"shared": [{"kind": "linear", "out_features": 3}], "sharing": sharing}, strict=False
    )
    with pytest.raises(InputError, match=r"model\.shared\[0\].*No shared layer has attention"):
        build_model(spec, {"x": (4,)}, OUTPUTS)
