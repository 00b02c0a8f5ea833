"""Attention weights of a model's layers for one row, recomputed from what the layers read.

The fused kernels of torch give no weights, so that queries and keys are multiplied once more. Pretrained models compute
them themselves where they run without fused kernels.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.architectures.fusion.components.attention import MultiHeadAttention as FusionAttention
from mtl_core.architectures.layers.modules.attention import Attention, MultiHeadAttention, SelfAttention
from mtl_core.architectures.layers.modules.masks import hide_padding
from mtl_core.architectures.layers.pretrained import Pretrained
from mtl_core.architectures.layers.transformers_folder import quiet
from mtl_core.errors import InputError
from mtl_core.explanation.explained_model import ExplainedModel
from mtl_core.protocol.explanation import AttentionMap

MOST_POSITIONS = 64
"""Most rows and columns of a map; longer sequences are pooled."""
MOST_LAYERS = 24


@dataclass(frozen=True)
class AttentionWeights:
    """The weights of one layer.

    Attributes:
        layer: Name of the module in the model.
        weights: ``[heads, L, S]``: of each query over the keys, with sum 1.
    """

    layer: str
    weights: Tensor


@torch.no_grad()
def attention_weights(
    model: nn.Module, inputs: Mapping[str, Tensor], task: int = 0, tasks: int = 1
) -> list[AttentionWeights]:
    """Run a model on one row and return the weights of its attention layers, in the order in which they run.

    Of a layer that runs once for each task, as with prefixes, the pass of the chosen task counts; else the first one,
    and of members the first.

    Args:
        model: The model.
        inputs: One row of each input.
        task: Index of the task.
        tasks: Number of tasks.
    """
    passes: dict[str, list[Tensor]] = {}
    handles = []

    def keep(name: str, weights: Tensor) -> None:
        passes.setdefault(name, []).append(weights[0].detach().double().cpu())

    for name, module in model.named_modules():
        if isinstance(module, Attention | FusionAttention):
            handles.append(
                module.register_forward_pre_hook(
                    lambda layer, arguments, settings, name=name: keep(name, _recompute(layer, *arguments, **settings)),
                    with_kwargs=True,
                )
            )
        elif isinstance(module, Pretrained):
            for inner_name, inner in module.pretrained.named_modules():
                path = f"{name}.pretrained.{inner_name}"
                handles.append(inner.register_forward_hook(_PretrainedHook(path, keep)))
    try:
        with _eager_attention(model):
            model(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return [
        AttentionWeights(name, weights[task] if len(weights) == tasks else weights[0])
        for name, weights in list(passes.items())[:MOST_LAYERS]
    ]


def _recompute(layer: nn.Module, *arguments: Any, **settings: Any) -> Tensor:
    """``[N, heads, L, S]``: the weights of a layer for what it reads."""
    match layer:
        case SelfAttention():
            tokens = arguments[0].transpose(1, 2)
            mask = settings.get("mask", arguments[1] if len(arguments) > 1 else None)
            return _weights(layer, layer.query(tokens).unsqueeze(1), layer.key(tokens).unsqueeze(1), mask)
        case MultiHeadAttention():
            query, key, _ = (layer._split_heads(part) for part in layer.inputs(arguments[0]).chunk(3, dim=-1))
            mask = settings.get("mask", arguments[1] if len(arguments) > 1 else None)
            return _weights(layer, query, key, mask)
        case FusionAttention():
            queries, context, mask = arguments
            query, key = (
                linear(tokens).unflatten(2, (layer._heads, -1)).transpose(1, 2)
                for linear, tokens in ((layer.query, queries), (layer.key, context))
            )
            if mask is not None:
                mask = mask | ~mask.any(dim=1, keepdim=True)
            return torch.softmax(hide_padding(query @ key.transpose(-2, -1) / sqrt(query.shape[-1]), mask), dim=-1)
    raise TypeError(type(layer))


def _weights(layer: Attention, query: Tensor, key: Tensor, mask: Tensor | None) -> Tensor:
    """The weights over the positions of the sequence; those of a prefix are left out, so that rows may sum below 1."""
    first = 0
    if layer.prefix is not None:
        first = layer.prefix.keys.shape[-2]
        keys = layer.prefix.keys.to(key.dtype).expand(*key.shape[:-2], -1, -1)
        key = torch.cat([keys, key], dim=-2)
        mask = None if mask is None else nn.functional.pad(mask, (first, 0), value=1)
    scores = query @ key.transpose(-2, -1) / sqrt(query.shape[-1])
    return torch.softmax(hide_padding(scores, mask), dim=-1)[..., first:]


class _PretrainedHook:
    """Keeps the weights that an attention layer of a pretrained model returns behind its output.

    Args:
        name: Name of the layer.
        keep: Called with name and weights.
    """

    def __init__(self, name: str, keep: Any) -> None:
        self._name, self._keep = name, keep

    def __call__(self, _: nn.Module, __: Any, output: Any) -> None:
        is_pair = isinstance(output, tuple) and len(output) >= 2 and isinstance(output[1], Tensor)
        if is_pair and output[1].dim() == 4 and not hasattr(output[1], "_is_kept"):
            output[1]._is_kept = True  # the layer around it returns the same tensor
            self._keep(self._name, output[1])


@contextmanager
def _eager_attention(model: nn.Module) -> Iterator[None]:
    """Let pretrained models compute attention without fused kernels, which return no weights."""
    inner: list[Any] = [module.pretrained for module in model.modules() if isinstance(module, Pretrained)]
    before = [getattr(each.config, "_attn_implementation", None) for each in inner]
    try:
        for each, kind in zip(inner, before, strict=True):
            if kind in ("sdpa", "flash_attention_2"):
                with quiet():
                    each.set_attn_implementation("eager")
        yield
    finally:
        for each, kind in zip(inner, before, strict=True):
            if kind in ("sdpa", "flash_attention_2"):
                with quiet():
                    each.set_attn_implementation(kind)


def attention_maps(
    model: ExplainedModel, inputs: Mapping[str, Tensor], tokens: Sequence[str], *, task: int = 0, head: int = 0
) -> tuple[AttentionMap, ...]:
    """The attention weights of one row as small matrices with names.

    Args:
        model: The model.
        inputs: One row of each input.
        tokens: The tokens of its text, for layers whose positions are theirs.
        task: Index of the task, for layers that run once for each.
        head: The head, from 1; 0 for the mean over all heads.

    Raises:
        InputError: No layer has such a head.
    """
    layers = attention_weights(model.model, inputs, task, len(model.heads))
    most = max((len(layer.weights) for layer in layers), default=0)
    if layers and not 0 <= head <= most:
        raise InputError("head", f"must be a number from 0, the mean of all, to {most}", found=head)
    return tuple(_map(layer, tokens, head) for layer in layers if head <= len(layer.weights))


def _map(layer: AttentionWeights, tokens: Sequence[str], head: int) -> AttentionMap:
    weights = layer.weights.mean(dim=0) if head == 0 else layer.weights[head - 1]
    positions = int((weights.sum(dim=0) > 0).nonzero().max()) + 1 if weights.any() else weights.shape[1]
    square = weights.shape[0] == weights.shape[1]
    weights = weights[: positions if square else None, :positions]  # padding behind a text has no weight
    block = -(-max(weights.shape) // MOST_POSITIONS)
    queries, keys = (_position_names(size, tokens, block) for size in weights.shape)
    if block > 1:
        weights = _pool(_pool(weights, 0, block) / _block_counts(weights.shape[0], block).unsqueeze(1), 1, block)
    return AttentionMap(
        layer=layer.layer,
        heads=len(layer.weights),
        head=head,
        queries=queries,
        keys=keys,
        weights=tuple(map(tuple, weights.tolist())),
        block=block,
    )


def _position_names(count: int, tokens: Sequence[str], block: int) -> tuple[str, ...]:
    if block > 1:
        return tuple(f"{first + 1}–{min(first + block, count)}" for first in range(0, count, block))
    if tokens and count == len(tokens):
        return tuple(tokens)
    if tokens and count == len(tokens) + 1:
        return ("class", *tokens)
    return tuple(str(number) for number in range(1, count + 1))


def _pool(weights: Tensor, dim: int, block: int) -> Tensor:
    """Sums over blocks of positions."""
    places = torch.arange(weights.shape[dim]) // block
    shape = list(weights.shape)
    shape[dim] = int(places[-1]) + 1
    return weights.new_zeros(shape).index_add(dim, places, weights)


def _block_counts(count: int, block: int) -> Tensor:
    return torch.bincount(torch.arange(count) // block).double()
