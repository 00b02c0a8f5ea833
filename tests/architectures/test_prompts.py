"""Soft prompts: learned tokens of each task in front of what a frozen trunk attends to."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from app.pages.model.diagram_layout import summary
from mtl_core.architectures import MultiTaskModel, build_model, describe_model
from mtl_core.architectures.sharing.prompts import PromptModel
from mtl_core.spec import InputError, ModelSpec, TargetInfo
from mtl_core.training.transfer.initial_weights import (
    InitialWeights,
    freeze_trunk,
    load_shared_layers,
    shared_state_dict,
)
from tests.architectures.schemes import number

LENGTH = 3
EMBEDDING = {"kind": "embedding", "vocabulary": 9, "dimensions": 8}
BLOCK = {"kind": "transformer_block", "heads": 2, "dropout": 0.0}
POOL = {"kind": "sequence_pool", "pool": "mean"}
TRUNK = [EMBEDDING, {"kind": "positional_encoding"}, BLOCK, {"kind": "residual", "layers": [BLOCK]}, POOL]
TEXTS = torch.tensor([[3, 5, 2, 8, 1], [4, 2, 0, 0, 0], [7, 6, 5, 0, 0]])
OUTPUTS = {"left": 3, "right": 2}


def spec_of(sharing: str, shared: list[Any] = TRUNK, head: list[Any] | None = None, **settings: Any) -> ModelSpec:
    settings = {"length": LENGTH, **settings} if sharing == "prompts" else settings
    data = {"sharing": {"kind": sharing, **settings}, "shared": shared, "heads": {"left": head or []}}
    return ModelSpec.model_validate(data, strict=False)


def built(
    sharing: str = "prompts", shared: list[Any] = TRUNK, head: list[Any] | None = None, seed: int = 0, **settings: Any
) -> MultiTaskModel:
    torch.manual_seed(seed)
    outputs = OUTPUTS if head is None else {"left": 3}
    return build_model(spec_of(sharing, shared, head, **settings), {"text": (TEXTS.shape[1],)}, outputs)


def prompts_of(model: MultiTaskModel) -> dict[str, Tensor]:
    return {name: parameter for name, parameter in model.named_parameters() if name.startswith("prompts.")}


def test_the_model_is_that_of_hard_sharing_with_a_prompt_more_for_each_task() -> None:
    model, hard = built(), built("hard")
    state = model.state_dict()
    assert all(torch.equal(tensor, state.pop(name)) for name, tensor in hard.state_dict().items())
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == {
        f"prompts.task_{task}.tokens": (8, LENGTH) for task in OUTPUTS
    }
    targets = {
        name: TargetInfo(name=name, kind="regression", width=width, mean=(0.0,) * width, std=(1.0,) * width)
        for name, width in OUTPUTS.items()
    }
    info = describe_model(spec_of("prompts"), {"text": (TEXTS.shape[1],)}, targets)
    assert info.problems == ()
    assert (info.parameters, info.shared_parameters) == (number(model.parameters()), number(hard.shared_parameters()))
    assert info.trained_parameters == sum(number(model.head_parameters(task)) for task in OUTPUTS)
    assert summary(info).endswith(f"{100 * info.trained_parameters / info.parameters:.1f} % trained")
    assert info.shared[-1].output_shape == (8,)


def test_a_prompt_is_read_by_its_task_alone() -> None:
    model = built().eval()
    before = model({"text": TEXTS})
    with torch.no_grad():
        prompts_of(model)["prompts.task_left.tokens"][0] += 1.0
    left, right = model({"text": TEXTS})
    assert not torch.allclose(left, before[0])
    assert torch.equal(right, before[1])


def test_a_loss_reaches_its_task_s_prompt_and_head_and_nothing_else() -> None:
    model = built()
    model({"text": TEXTS})[0].square().sum().backward()
    reached = {
        name for name, parameter in model.named_parameters() if parameter.grad is not None and parameter.grad.any()
    }
    assert {name.split(".")[1] for name in reached} == {"task_left"}
    assert "prompts.task_left.tokens" in reached
    assert {id(p) for p in model.parameters() if p.grad is not None} == {id(p) for p in model.head_parameters("left")}


def test_the_attention_reads_what_a_class_token_s_layers_would_read() -> None:
    """Against the layers themselves, run on tokens with the prompt before them."""
    model = built(shared=[EMBEDDING, BLOCK]).eval()
    assert isinstance(model, PromptModel)
    full = TEXTS.clamp(min=1)
    embedded = model.shared[0](full)
    prompt = prompts_of(model)["prompts.task_left.tokens"]
    outputs = model.shared[1](torch.cat([prompt.expand(len(full), -1, -1), embedded], dim=2))[:, :, LENGTH:]
    torch.testing.assert_close(model({"text": full})[0], model.heads.for_task("left")(outputs))


def test_padding_changes_nothing_though_a_prompt_stands_before_the_text() -> None:
    head = [{"kind": "transformer_block", "heads": 2, "dropout": 0.0}, POOL]
    sines = {"kind": "positional_encoding", "encoding": "sinusoidal"}
    shared = [EMBEDDING, sines, BLOCK]
    outputs = []
    for length in (5, 9):
        torch.manual_seed(0)
        model = build_model(spec_of("prompts", shared, head), {"text": (length,)}, {"left": 3}).eval()
        texts = torch.cat([TEXTS, TEXTS.new_zeros(len(TEXTS), length - TEXTS.shape[1])], dim=1)
        outputs.append(model({"text": texts})[0])
    torch.testing.assert_close(*outputs, rtol=1e-5, atol=1e-6)


def test_the_trunk_comes_from_a_model_trained_before_and_stays_frozen() -> None:
    earlier, model = built("hard", seed=1), built()
    load_shared_layers(model, InitialWeights(path=Path("earlier"), tensors=dict(earlier.state_dict()), header={}))
    theirs = shared_state_dict(earlier)
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in shared_state_dict(model).items())
    freeze_trunk(model, frozen=False)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    sum(output.square().sum() for output in model({"text": TEXTS})).backward()
    optimizer.step()
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert {name.split(".")[0] for name in changed} == {"prompts", "heads"}
    assert changed >= prompts_of(model).keys()


def test_a_trunk_without_attention_takes_no_prompts() -> None:
    model = built(shared=[EMBEDDING, {"kind": "global_avg_pool"}])
    assert not prompts_of(model)
    model({"text": TEXTS})[0].sum().backward()


@pytest.mark.parametrize(
    "between",
    [{"kind": "positional_encoding"}, {"kind": "class_token"}, {"kind": "mixer_block"}, {"kind": "max_pool1d"}],
    ids=lambda layer: layer["kind"],
)
def test_a_layer_between_that_counts_positions_is_refused_at_its_place(between: dict[str, Any]) -> None:
    shared = [EMBEDDING, BLOCK, between, BLOCK]
    with pytest.raises(InputError, match=r"model\.shared\[2\].*soft prompts"):
        built(shared=shared)
