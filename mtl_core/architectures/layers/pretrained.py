"""An image or text model of the transformers library as a layer, from a local folder and nowhere else."""

import re
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mtl_core.architectures.layers.transformers_folder import config_of, empty_model, whole_model
from mtl_core.spec import layers as spec
from mtl_core.spec.dataset import PADDING
from mtl_core.spec.reports import Shape

NO_POOL = "it does not pool"


class Pretrained(nn.Module):
    """A model of the library that gives one tensor.

    Args:
        model: Takes ``pixel_values``, or ``input_ids`` and ``attention_mask``.
        layer: What is asked of it.
    """

    def __init__(self, model: nn.Module, layer: spec.Pretrained) -> None:
        super().__init__()
        self._layer = layer
        self.pretrained = model
        pooler = getattr(model, "pooler", None)
        if layer.output != "pooled" and isinstance(pooler, nn.Module) and list(pooler.parameters()):
            model.register_module("pooler", None)  # it would learn nothing

    @property
    def reads(self) -> str:
        """What the model takes: ``pixel_values``, ``input_ids`` or something else."""
        return str(getattr(self.pretrained, "main_input_name", ""))

    def forward(self, inputs: Tensor) -> Tensor:
        """Features ``[N, D]``, or ``[N, D, …]`` with positions, of images ``[N, C, H, W]`` or tokens ``[N, L]``."""
        if self.reads == "input_ids":
            there = _tokens(inputs)
            return self._taken(self._read(self._ids(inputs), there.long()), there)
        if size := self._layer.image_size:
            inputs = interpolate(inputs, size=(size, size), mode="bilinear", antialias=True)
        return self._taken(self.pretrained(pixel_values=inputs, return_dict=True), None)

    def _read(self, ids: Tensor, mask: Tensor | None) -> Any:
        if ids.is_meta:  # some models look into a mask, which is not there then; others need one
            with suppress(RuntimeError):
                return self.pretrained(input_ids=ids, attention_mask=mask, return_dict=True)
            mask = None
        return self.pretrained(input_ids=ids, attention_mask=mask, return_dict=True)

    def _ids(self, numbers: Tensor) -> Tensor:
        """The tokenizer's own numbers; where there is no token, that of its padding."""
        config: Any = self.pretrained.config
        ids = numbers.clamp(1, config.vocab_size).long() - 1
        return ids.masked_fill(numbers <= PADDING, getattr(config, "pad_token_id", None) or 0)

    def _taken(self, found: Any, there: Tensor | None) -> Tensor:
        if self._layer.output == "pooled":
            pooled: Tensor | None = getattr(found, "pooler_output", None)
            if pooled is None:
                raise ValueError(NO_POOL)
            return pooled.flatten(1)
        positions: Tensor = found.last_hidden_state
        if positions.dim() == 3:
            positions = positions.transpose(1, 2)
        if there is not None:
            positions = positions * there.unsqueeze(1)
        if self._layer.output == "positions":
            return positions
        flat = positions.flatten(2)
        return flat.mean(2) if there is None else flat.sum(2) / there.sum(1, keepdim=True)

    def depths(self) -> dict[str, int]:
        """How deep each parameter lies: embeddings 0, then the numbered layers or stages, then what follows them."""
        found: dict[str, int] = {}
        depth = 0
        numbered = False
        for name, _ in self.named_parameters():
            number = re.search(r"\.(\d+)\.", name)
            if number:
                depth, numbered = int(number[1]) + 1, True
            elif numbered:
                depth, numbered = depth + 1, False
            found[name] = depth
        return found


def _tokens(numbers: Tensor) -> Tensor:
    """Where there are tokens ``[N, L]``; a text without any has one of padding, for attention needs something."""
    first = torch.arange(numbers.shape[1], device=numbers.device) == 0
    return (numbers > PADDING) | first


def build(layer: spec.Pretrained, _: Shape) -> nn.Module:
    """The model with its weights; without them where torch makes no memory."""
    config = config_of(layer.path)
    if torch.get_default_device().type == "meta":
        return Pretrained(empty_model(config), layer)
    model, _loaded = whole_model(layer.path, config)
    return Pretrained(model, layer).train()
