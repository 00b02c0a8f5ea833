"""A layer that wraps a pretrained model of images, texts or sounds of the transformers library from a local folder."""

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
_MASKED = "masked_spec_embed"
"""The vector in the place of masked parts of a sound, in models such as Wav2Vec2."""


class Pretrained(nn.Module):
    """Wraps a transformers model as a layer with one output tensor.

    Args:
        model: Takes ``pixel_values``, ``input_ids`` and ``attention_mask``, or the ``input_values`` or
            ``input_features`` of sounds.
        layer: The spec of the layer: image size and output.
    """

    def __init__(self, model: nn.Module, layer: spec.Pretrained) -> None:
        super().__init__()
        self._layer = layer
        self.pretrained = model
        pooler = getattr(model, "pooler", None)
        if layer.output != "pooled" and isinstance(pooler, nn.Module) and list(pooler.parameters()):
            model.register_module("pooler", None)  # it would get no gradient
        if isinstance(getattr(model, _MASKED, None), nn.Parameter):
            model.register_parameter(_MASKED, None)  # likewise, as nothing is masked

    @property
    def input_name(self) -> str:
        """Name of the model's main input: ``pixel_values``, ``input_ids`` or another."""
        return str(getattr(self.pretrained, "main_input_name", ""))

    @property
    def embedding_width(self) -> int:
        """Numbers in the embedding of a token, of a model of texts."""
        model: Any = self.pretrained
        return int(model.get_input_embeddings().embedding_dim)

    def forward(self, inputs: Tensor, prompt: Tensor | None = None) -> Tensor:
        """Runs the model.

        Args:
            inputs: Images ``[N, C, H, W]``, tokens ``[N, L]``, waveforms ``[N, 1, samples]`` or spectrograms
                ``[N, 1, mels, frames]``.
            prompt: ``[C, P]`` tokens among those of a text that the model's layers read too.

        Returns:
            Features ``[N, D]``, or ``[N, D, …]`` with positions, those of the prompt not among them.
        """
        if inputs.is_meta:
            self.pretrained.eval()  # in training some models draw which layers they leave out
        match self.input_name:
            case "input_ids":
                mask = token_mask(inputs)
                return self._select_output(self._read_text(self._to_token_ids(inputs), mask, prompt), mask)
            case "input_values" | "input_features":
                sounds = {self.input_name: self._to_sounds(inputs)}
                return self._select_output(self.pretrained(**sounds, return_dict=True), None)
        if size := self._layer.image_size:
            inputs = interpolate(inputs, size=(size, size), mode="bilinear", antialias=True)
        return self._select_output(self.pretrained(pixel_values=inputs, return_dict=True), None)

    def _read_text(self, ids: Tensor, mask: Tensor, prompt: Tensor | None) -> Any:
        if prompt is None:
            return self._run_text(mask, input_ids=ids)
        model: Any = self.pretrained
        embedded: Tensor = model.get_input_embeddings()(ids)
        tokens = prompt.T.to(embedded.dtype).expand(len(ids), -1, -1)
        # The first position stays the first where the model pools it: it is the mark at a text's beginning.
        first, end = (1, 1 + tokens.shape[1]) if self._layer.output == "pooled" else (0, tokens.shape[1])
        prompted = torch.cat([embedded[:, :first], tokens, embedded[:, first:]], dim=1)
        longer = torch.cat([mask[:, :first], mask.new_ones(tokens.shape[:2]), mask[:, first:]], dim=1)
        outputs = self._run_text(longer, inputs_embeds=prompted)
        states = outputs.last_hidden_state
        outputs.last_hidden_state = torch.cat([states[:, :first], states[:, end:]], dim=1)
        return outputs

    def _run_text(self, mask: Tensor, **texts: Tensor) -> Any:
        if mask.is_meta:  # some models read the mask's values, which meta tensors lack; others require one
            with suppress(RuntimeError):
                return self.pretrained(**texts, attention_mask=mask.long(), return_dict=True)
            return self.pretrained(**texts, attention_mask=None, return_dict=True)
        return self.pretrained(**texts, attention_mask=mask.long(), return_dict=True)

    def _to_sounds(self, inputs: Tensor) -> Tensor:
        """Waveforms as ``[N, samples]``; spectrograms as ``[N, frames, mels]``, features as ``[N, mels, frames]``."""
        sounds = inputs.squeeze(1)
        return sounds.transpose(1, 2) if self.input_name == "input_values" and sounds.dim() == 3 else sounds

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
        """Which tokens ``[N, L]`` are no padding; None for images and sounds."""
        return token_mask(inputs) if self.input_name == "input_ids" else None

    def parameter_depths(self) -> dict[str, int]:
        """Depth of each parameter: embeddings 0, then the numbered layers or stages, then those after them.

        Numbered layers behind others, as those of a transformer behind the convolutions of a model of sounds, go on
        from the depth of these.
        """
        depths: dict[str, int] = {}
        depth = before = 0
        group: str | None = None
        for name, _ in self.named_parameters():
            numbered = re.match(r"(.*?)\.(\d+)\.", name)
            if numbered:
                if numbered[1] != group:
                    group, before = numbered[1], depth
                depth = before + int(numbered[2]) + 1
            elif group is not None:
                depth, group = depth + 1, None
            depths[name] = depth
        return depths


def build(layer: spec.Pretrained, _: Shape) -> nn.Module:
    """Builds the layer with the folder's weights; on the meta device without them."""
    config = load_config(layer.path)
    if torch.get_default_device().type == "meta":
        return Pretrained(empty_model(config), layer)
    model, _loaded = load_model(layer.path, config)
    return Pretrained(model, layer).train()
