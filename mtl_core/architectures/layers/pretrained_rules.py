"""Checks a pretrained layer's folder, input shape and weights before building it."""

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from mtl_core.architectures.layers.faults import MAX_SIZE, Fault, QuickFix, arrival_text
from mtl_core.architectures.layers.pretrained import NO_POOLER, Pretrained
from mtl_core.architectures.layers.transformers_folder import (
    Stamp,
    empty_model,
    external_setting,
    folder_error,
    folder_stamp,
    load_config,
    load_model,
)
from mtl_core.errors import shorten
from mtl_core.spec import InputError
from mtl_core.spec import layers as spec
from mtl_core.spec.reports import Shape
from mtl_core.tabular.text.tokenizer import max_token_id
from mtl_core.text import format_names


def check(layer: spec.Pretrained, shape: Shape) -> Fault | None:
    """Requires a complete folder of a model for images or texts of this shape; the result is cached per folder."""
    if text := folder_error(layer.path):
        return Fault(f"{layer.title} {text}.")
    if importlib.util.find_spec("transformers") is None:
        install = 'install it with: pip install "mtl-workbench[pretrained]"'
        return Fault(f"{layer.title} needs the package transformers; {install}.")
    if len(shape) not in (1, 3):
        return Fault(f"{layer.title} takes channels × height × width, or the tokens of a text; {arrival_text(shape)}.")
    return _check_folder(layer, shape, folder_stamp(layer.path))


def detail(layer: spec.Pretrained) -> str:
    """The folder's name, the output taken from the model, and the image size."""
    size = f"{layer.image_size}×{layer.image_size}" if layer.image_size else ""
    return " · ".join(part for part in (Path(layer.path).name, layer.output, size) if part)


@lru_cache(maxsize=64)
def _check_folder(layer: spec.Pretrained, shape: Shape, _: Stamp) -> Fault | None:
    """Checks the settings in a folder, then the model on the input shape, then its weights."""
    try:
        config = load_config(layer.path)
        if setting := external_setting(config):
            return Fault(f"{layer.title} needs a model without external parts; its config.json has {setting!r}.")
        with torch.device("meta"):
            model = Pretrained(empty_model(config), layer)
    except Exception as error:  # the library raises errors of any kind
        return Fault(f"{layer.title} cannot be built from {layer.path} ({_first_line(error)}).")
    if fault := _kind_fault(layer, shape, config, model):
        return fault
    if fault := (_image_fault if len(shape) == 3 else _text_fault)(layer, shape, config, model):
        return fault
    if sum(parameter.numel() for parameter in model.parameters()) > MAX_SIZE:
        return None  # reported by the check of the number of parameters
    return _weights_fault(layer, config, model)


def _kind_fault(layer: spec.Pretrained, shape: Shape, config: Any, model: Pretrained) -> Fault | None:
    """Fault of a model for another kind of input."""
    if len(shape) == 3 and model.input_name != "pixel_values":
        return Fault(f"{layer.title} needs a model of images; {layer.path} has a {config.model_type}.")
    if len(shape) == 1 and model.input_name == "pixel_values":
        return Fault(f"{layer.title} takes channels × height × width; {arrival_text(shape)}.")
    if len(shape) == 1 and (model.input_name != "input_ids" or getattr(config, "is_encoder_decoder", False)):
        return Fault(f"{layer.title} needs an encoder of texts; {layer.path} has a {config.model_type}.")
    return None


def _image_fault(layer: spec.Pretrained, shape: Shape, config: Any, model: Pretrained) -> Fault | None:
    channels = getattr(config, "num_channels", shape[0])
    if channels != shape[0]:
        adapter = spec.Conv2d(out_channels=channels, kernel_size=1)
        text = f"{layer.title} takes images of {channels} channels; {arrival_text(shape)}."
        return Fault(text, QuickFix("Add Conv2d before", (adapter, layer)))
    if error := _forward_error(model, shape):
        size = getattr(config, "image_size", None)
        can_scale = isinstance(size, int) and size != layer.image_size and (size, size) != shape[1:]
        quick_fix = (
            QuickFix(f"Scale images to {size}", (layer.model_copy(update={"image_size": size}),)) if can_scale else None
        )
        return Fault(f"{layer.title} cannot take these images; {arrival_text(shape)} ({error}).", quick_fix)
    return None


def _text_fault(layer: spec.Pretrained, shape: Shape, config: Any, model: Pretrained) -> Fault | None:
    if layer.image_size:
        without_scaling = QuickFix("Scale nothing", (layer.model_copy(update={"image_size": None}),))
        return Fault(f"{layer.title} has a model of texts, which has no images to scale.", without_scaling)
    max_tokens = _positions(config, model)
    if shape[0] > max_tokens:
        advice = f"set dataset.text.max_length to {max_tokens} or less"
        return Fault(f"{layer.title} reads texts of at most {max_tokens} tokens, and {shape[0]} arrive here; {advice}.")
    try:
        highest_id = max_token_id(layer.path)
    except InputError:  # reported by the reader of the text
        highest_id = 0
    if highest_id >= config.vocab_size:
        reason = f"has a tokenizer.json of another model: it numbers tokens up to {highest_id}"
        return Fault(f"{layer.title} {reason}, and the model knows {config.vocab_size}.")
    if error := _forward_error(model, shape):
        quick_fix = _mean_fix(layer) if error == NO_POOLER else None
        return Fault(f"{layer.title} cannot take these texts ({error}).", quick_fix)
    return None


def _positions(config: Any, model: Pretrained) -> int:
    """Maximum number of tokens; RoBERTa-like models number positions from behind the padding id."""
    max_tokens = getattr(config, "max_position_embeddings", None)
    if not isinstance(max_tokens, int) or max_tokens <= 0:
        return MAX_SIZE
    embeddings = getattr(model.pretrained, "embeddings", None)
    offsets_positions = hasattr(embeddings, "create_position_ids_from_input_ids")
    return max_tokens - (config.pad_token_id or 0) - 1 if offsets_positions else max_tokens


def _forward_error(model: Pretrained, shape: Shape) -> str:
    """The error of a forward pass of two rows of a shape on the meta device; ``""`` without one."""
    try:
        with torch.no_grad(), torch.device("meta"):
            model.train()(torch.empty(2, *shape))
    except Exception as error:  # the library raises errors of any kind
        return _first_line(error)
    return ""


def _weights_fault(layer: spec.Pretrained, config: Any, model: Pretrained) -> Fault | None:
    """Fault of weights that are missing or have the wrong shape, except those of unused modules."""
    try:
        _, loaded = load_model(layer.path, config)
    except Exception as error:  # the library raises errors of any kind
        return Fault(f"{layer.title} cannot read the weights in {layer.path} ({_first_line(error)}).")
    required = {name.removeprefix("pretrained.") for name in model.state_dict()}
    if mismatched := sorted(name for name, *_ in loaded["mismatched_keys"] if name in required):
        return Fault(
            f"{layer.title} has weights of another shape than its config.json says: {format_names(mismatched)}."
        )
    missing = sorted(required & set(loaded["missing_keys"]))
    if not missing:
        return None
    quick_fix = _mean_fix(layer) if all(name.startswith("pooler.") for name in missing) else None
    return Fault(f"{layer.title} finds no weights for {format_names(missing)} in {layer.path}.", quick_fix)


def _mean_fix(layer: spec.Pretrained) -> QuickFix:
    return QuickFix("Take the mean of its positions", (layer.model_copy(update={"output": "mean"}),))


def _first_line(error: Exception) -> str:
    return shorten(" ".join(str(error).split()) or type(error).__name__).removesuffix(".")
