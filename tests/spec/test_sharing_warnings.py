"""Warnings about a sharing scheme that can do nothing as it stands.

Covers: mtl_core/spec/validation/sharing.py.
"""

from typing import Any

import pytest

from mtl_core.spec import ModelSpec
from mtl_core.spec.training.initial_weights import FromRun, InitialWeights, Scratch
from mtl_core.spec.validation.sharing import sharing_warnings

EMBEDDING: dict[str, Any] = {"kind": "embedding"}
BLOCK: dict[str, Any] = {"kind": "transformer_block"}
RUN, NEW = FromRun(run=1), Scratch()


def places(sharing: str, start: InitialWeights, *shared: dict[str, Any]) -> list[str]:
    model = ModelSpec.model_validate({"sharing": {"kind": sharing}, "shared": list(shared)}, strict=False)
    return [warning.path for warning in sharing_warnings(model, start)]


@pytest.mark.parametrize(
    ("layers", "reads"),
    [
        ([EMBEDDING, {"kind": "gru"}], False),
        ([EMBEDDING, BLOCK], True),
        ([EMBEDDING, {"kind": "self_attention"}], True),
        ([EMBEDDING, {"kind": "residual", "layers": [{"kind": "residual", "layers": [BLOCK]}]}], True),
        ([], False),
    ],
)
def test_prompts_need_attention_among_the_shared_layers(layers: list[dict[str, Any]], reads: bool) -> None:
    assert places("prompts", RUN, *layers) == ([] if reads else ["model.sharing"])


def test_the_warning_says_why_prompts_do_nothing_and_what_to_do() -> None:
    model = ModelSpec.model_validate({"sharing": {"kind": "prompts"}, "shared": [{"kind": "linear"}]}, strict=False)
    (warning,) = sharing_warnings(model, RUN)
    assert "nothing reads the prompts" in warning.rule
    assert "Add a transformer block" in warning.fix


@pytest.mark.parametrize("sharing", ["prompts", "lora"])
def test_a_frozen_trunk_needs_weights_that_were_trained(sharing: str) -> None:
    assert places(sharing, NEW, EMBEDDING, BLOCK) == ["training.start_from"]
    assert places(sharing, RUN, EMBEDDING, BLOCK) == []
    assert places("lora", NEW, {"kind": "pretrained", "path": "/models/bert"}) == []


def test_a_trunk_that_is_trained_needs_neither() -> None:
    assert places("hard", NEW, EMBEDDING, {"kind": "gru"}) == []
