"""Checks a pretrained layer's folder, input shape and weights before building it."""

import importlib.util
import inspect
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from mtl_core.architectures.layers.faults import MAX_SIZE, Fault, QuickFix, arrival_text
from mtl_core.architectures.layers.prefixed_attention import accept_prefixes, reads_prefixes
from mtl_core.architectures.layers.pretrained import NO_POOLER, Pretrained
from mtl_core.architectures.layers.transformers_folder import (
    Stamp,
    empty_model,
    external_setting,
    folder_error,
    folder_stamp,
    load_config,
    load_model,
    needs_own_code,
)
from mtl_core.errors import shorten
from mtl_core.spec import InputError
from mtl_core.spec import layers as spec
from mtl_core.spec.reports import Shape
from mtl_core.tabular.text.tokenizer import max_token_id
from mtl_core.text import format_names

_ARRIVALS = {1: "the tokens of a text", 2: "a waveform", 3: "an image or a spectrogram"}


def check(layer: spec.Pretrained, shape: Shape) -> Fault | None:
    """Requires a complete folder of a model for inputs of this shape; the result is cached per folder."""
    if fault := _folder_fault(layer):
        return fault
    if len(shape) not in _ARRIVALS or (len(shape) == 2 and shape[0] != 1):
        takes = "channels × height × width, the tokens of a text, or a sound as 1 × samples or 1 × mels × frames"
        return Fault(f"{layer.title} takes {takes}; {arrival_text(shape)}.")
    return _check_folder(layer, shape, folder_stamp(layer.path))


def _folder_fault(layer: spec.Pretrained) -> Fault | None:
    if text := folder_error(layer.path):
        return Fault(f"{layer.title} {text}.")
    if importlib.util.find_spec("transformers") is None:
        install = 'install it with: pip install "mtl-workbench[pretrained]"'
        return Fault(f"{layer.title} needs the package transformers; {install}.")
    return None


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
        model = _meta_model(layer, config)
    except Exception as error:  # the library raises errors of any kind
        reason = f"cannot be built from {layer.path} ({_first_line(error)})"
        if needs_own_code(layer.path):
            reason = f"runs no code of a folder, which {layer.path} needs (auto_map in config.json)"
        return Fault(f"{layer.title} {reason}.")
    checks = {"text": _text_fault, "image": _image_fault}
    check_input = checks.get(_reads(config, model), _sound_fault)
    fault = _kind_fault(layer, shape, config, model) or check_input(layer, shape, config, model)
    if fault or sum(parameter.numel() for parameter in model.parameters()) > MAX_SIZE:
        return fault  # too many parameters are reported by the check of their number
    return _weights_fault(layer, config, model)


def _meta_model(layer: spec.Pretrained, config: Any) -> Pretrained:
    with torch.device("meta"):
        return Pretrained(empty_model(config), layer)


def _reads(config: Any, model: Pretrained) -> str:
    """What a model reads; empty for what no input gives."""
    has_bands = hasattr(config, "num_mel_bins")
    match model.input_name:
        case "input_ids":
            return "text"
        case "pixel_values":
            return "image"
        case "input_values":
            return "spectrogram" if has_bands else "waveform"
        case "input_features" if has_bands:
            return "spectrogram"
    return ""


def _kind_fault(layer: spec.Pretrained, shape: Shape, config: Any, model: Pretrained) -> Fault | None:
    """Fault of a model for another kind of input."""
    reads = _reads(config, model)
    if reads and _ARRIVALS[len(shape)].find(reads) >= 0:
        return None
    has = f"{layer.path} has a {config.model_type}"
    match len(shape), reads:
        case 2 | 3, "spectrogram" | "waveform":
            advice = f"let the sound input give a {reads}"
            return Fault(f"{layer.title} has a model of {reads}s ({config.model_type}); {advice}.")
        case 3, _:
            return Fault(f"{layer.title} needs a model of images or of spectrograms; {has}.")
        case 2, _:
            return Fault(f"{layer.title} needs a model of waveforms; {has}.")
        case 1, "image":
            return Fault(f"{layer.title} takes channels × height × width; {arrival_text(shape)}.")
    return Fault(f"{layer.title} needs a model of texts; {has}.")


def _sound_fault(layer: spec.Pretrained, shape: Shape, config: Any, model: Pretrained) -> Fault | None:
    """Fault of a sound that is too short, or of a spectrogram that is not as large as those the model learned from."""
    if layer.image_size:
        return _no_scaling(layer, "sounds")
    if len(shape) == 3:
        if shape[0] != 1:
            return Fault(f"{layer.title} has a model of spectrograms, which have one channel; {arrival_text(shape)}.")
        frames = _frames(config) or shape[2]
        if (config.num_mel_bins, frames) != shape[1:]:
            sizes = f"{config.num_mel_bins} bands × {frames} windows"
            advice = "set mels, seconds and hop of the sound input to that (windows = seconds ÷ hop + 1)"
            return Fault(f"{layer.title} takes spectrograms of {sizes}; {arrival_text(shape)}; {advice}.")
    if error := _forward_error(model, shape):
        quick_fix = _mean_fix(layer) if error == NO_POOLER else None
        return Fault(f"{layer.title} cannot take these sounds; {arrival_text(shape)} ({error}).", quick_fix)
    return None


def _frames(config: Any) -> int | None:
    """The windows of a spectrogram that a model reads, which its positions fix."""
    if positions := getattr(config, "max_source_positions", None):
        return 2 * int(positions)  # Whisper halves them
    return getattr(config, "max_length", None)


def prompt_fault(layer: spec.Pretrained, shape: Shape, length: int) -> Fault | None:
    """Fault of a transformer that cannot read soft prompts; one without attention reads none, and has no fault.

    Args:
        layer: The layer, which has no fault of its own.
        shape: Shape of its input.
        length: Tokens of a prompt.
    """
    return _prompt_fault(layer, shape, length, folder_stamp(layer.path))


@lru_cache(maxsize=64)
def _prompt_fault(layer: spec.Pretrained, shape: Shape, length: int, _: Stamp) -> Fault | None:
    config = load_config(layer.path)
    if not _has_attention(config):
        return None
    others = "take prefix tuning or LoRA, which it does"
    if len(shape) != 1:
        return Fault(f"{layer.title} reads soft prompts among the tokens of a text only; {others}.")
    model = _meta_model(layer, config)
    if not {"inputs_embeds", "attention_mask"} <= inspect.signature(model.pretrained.forward).parameters.keys():
        return Fault(f"{layer.title} has a model that takes no embedded tokens ({config.model_type}); {others}.")
    if shape[0] + length > (most := _positions(config, model)):
        text = f"reads at most {most} tokens, and a text of {shape[0]} with a prompt of {length} arrives here"
        return Fault(f"{layer.title} {text}; shorten one of them.")
    return None


def prefix_fault(layer: spec.Pretrained, shape: Shape) -> Fault | None:
    """Fault of a transformer whose attention reads no prefixes; one without attention reads none, and has no fault.

    Args:
        layer: The layer, which has no fault of its own.
        shape: Shape of its input.
    """
    return _prefix_fault(layer, shape, folder_stamp(layer.path))


@lru_cache(maxsize=64)
def _prefix_fault(layer: spec.Pretrained, shape: Shape, _: Stamp) -> Fault | None:
    config = load_config(layer.path)
    if not _has_attention(config):
        return None
    model = _meta_model(layer, config)
    with torch.device("meta"):
        accept_prefixes(model, shape)
    if reads_prefixes(model):
        return None
    return Fault(f"{layer.title} has a {config.model_type}, whose attention reads no prefixes; take LoRA, which fits.")


def _has_attention(config: Any) -> bool:
    return any(getattr(config, name, None) for name in ("num_attention_heads", "encoder_attention_heads", "num_heads"))


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
        return _no_scaling(layer, "texts")
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


def _no_scaling(layer: spec.Pretrained, noun: str) -> Fault:
    without_scaling = QuickFix("Scale nothing", (layer.model_copy(update={"image_size": None}),))
    return Fault(f"{layer.title} has a model of {noun}, which has no images to scale.", without_scaling)


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
    if mismatched := sorted(required & loaded.mismatched):
        return Fault(
            f"{layer.title} has weights of another shape than its config.json says: {format_names(mismatched)}."
        )
    missing = sorted(required & loaded.missing)
    if not missing:
        return None
    quick_fix = _mean_fix(layer) if all(name.startswith("pooler.") for name in missing) else None
    return Fault(f"{layer.title} finds no weights for {format_names(missing)} in {layer.path}.", quick_fix)


def _mean_fix(layer: spec.Pretrained) -> QuickFix:
    return QuickFix("Take the mean of its positions", (layer.model_copy(update={"output": "mean"}),))


def _first_line(error: Exception) -> str:
    return shorten(" ".join(str(error).split()) or type(error).__name__).removesuffix(".")
