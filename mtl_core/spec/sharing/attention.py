"""Layers with attention, through which alone soft prompts and prefixes act."""

from collections.abc import Iterable

from mtl_core.errors import Problem
from mtl_core.spec.base import Spec
from mtl_core.spec.layers import MultiHeadAttention, Pretrained, SelfAttention, TransformerBlock
from mtl_core.spec.layers.nesting import holds_layer
from mtl_core.spec.sharing.base import SHARING_PATH

_ATTENTION = (SelfAttention, MultiHeadAttention, TransformerBlock, Pretrained)


def have_attention(layers: Iterable[Spec]) -> bool:
    """Whether a layer, or one in it, has attention; a pretrained model counts as one that has, whatever it is."""
    return holds_layer(layers, _ATTENTION)


def attention_problem(parameters: str) -> Problem:
    """The problem of a trunk without attention.

    Args:
        parameters: What each task learns, for people.
    """
    rule = f"no shared layer has attention, so nothing reads the {parameters} and only the task heads learn"
    fix = "Add a transformer block or another layer with attention, or choose Low-rank updates (LoRA)."
    return Problem(SHARING_PATH, rule, fix=fix)
