"""A layer that wraps a pretrained image or text model of the transformers library from a local folder."""

import re
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mtl_core.architectures.layers.modules.masks import token_mask
from mtl_core.architectures.layers.transformers_folder import empty_model, load_config, load_model
from mtl_core.spec import layers as spec
from mtl_core.spec.inputs.text import PADDING
from mtl_core.spec.reports import Shape

NO_POOLER = "it does not pool"


class Pretrained(nn.Module):
    """Wraps a transformers model as a layer with one output tensor.

    Args:
        model: Takes ``pixel_values``, or ``input_ids`` and ``attention_mask``.
        layer: The spec of the layer: image size and output.
    """

    def __init__(self, model: nn.Module, layer: spec.Pretrained) -> None:
        super().__init__()
        self._layer = layer
        self.pretrained = model
        pooler = getattr(model, "pooler", None)
        if layer.output != "pooled" and isinstance(pooler, nn.Module) and list(pooler.parameters()):
            model.register_module("pooler", None)  # it would get no gradient

    @property
    def input_name(self) -> str:
        """Name of the model's main input: ``pixel_values``, ``input_ids`` or another."""
        return str(getattr(self.pretrained, "main_input_name", ""))

    def forward(self, inputs: Tensor) -> Tensor:
        """Features ``[N, D]``, or ``[N, D, …]`` with positions, of images ``[N, C, H, W]`` or tokens ``[N, L]``."""
        if self.input_name == "input_ids":
            mask = token_mask(inputs)
            return self._select_output(self._run_model(self._to_token_ids(inputs), mask.long()), mask)
        if size := self._layer.image_size:
            inputs = interpolate(inputs, size=(size, size), mode="bilinear", antialias=True)
        return self._select_output(self.pretrained(pixel_values=inputs, return_dict=True), None)

    def _run_model(self, ids: Tensor, mask: Tensor | None) -> Any:
        if ids.is_meta:  # some models read the mask's values, which meta tensors lack; others require one
            with suppress(RuntimeError):
                return self.pretrained(input_ids=ids, attention_mask=mask, return_dict=True)
            mask = None
        return self.pretrained(input_ids=ids, attention_mask=mask, return_dict=True)

    def _to_token_ids(self, numbers: Tensor) -> Tensor:
        """The tokenizer's own ids, with the id of its padding at positions without a token."""
        config: Any = self.pretrained.config
        ids = numbers.clamp(1, config.vocab_size).round().long() - 1
        return ids.masked_fill(numbers <= PADDING, getattr(config, "pad_token_id", None) or 0)

    def _select_output(self, outputs: Any, mask: Tensor | None) -> Tensor:
        if self._layer.output == "pooled":
            pooled: Tensor | None = getattr(outputs, "pooler_output", None)
            if pooled is None:
                raise ValueError(NO_POOLER)
            return pooled.flatten(1)
        positions: Tensor = outputs.last_hidden_state
        if positions.dim() == 3:
            positions = positions.transpose(1, 2)
        if mask is not None:
            positions = positions * mask.unsqueeze(1)
        if self._layer.output == "positions":
            return positions
        flat = positions.flatten(2)
        return flat.mean(2) if mask is None else flat.sum(2) / mask.sum(1, keepdim=True)

    def padding_mask(self, inputs: Tensor) -> Tensor | None:
        """Which tokens ``[N, L]`` are no padding; None for images."""
        return token_mask(inputs) if self.input_name == "input_ids" else None

    def parameter_depths(self) -> dict[str, int]:
        """Depth of each parameter: embeddings 0, then the numbered layers or stages, then those after them."""
        depths: dict[str, int] = {}
        depth = 0
        numbered = False
        for name, _ in self.named_parameters():
            number = re.search(r"\.(\d+)\.", name)
            if number:
                depth, numbered = int(number[1]) + 1, True
            elif numbered:
                depth, numbered = depth + 1, False
            depths[name] = depth
        return depths


def build(layer: spec.Pretrained, _: Shape) -> nn.Module:
    """Builds the layer with the folder's weights; on the meta device without them."""
    config = load_config(layer.path)
    if torch.get_default_device().type == "meta":
        return Pretrained(empty_model(config), layer)
    model, _loaded = load_model(layer.path, config)
    return Pretrained(model, layer).train()
