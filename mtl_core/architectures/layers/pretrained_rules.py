"""What a pretrained model asks of its folder and of what arrives at it."""

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from mtl_core.architectures.layers.errors import LIMIT, Fault, Mend, arrives
from mtl_core.architectures.layers.pretrained import NO_POOL, Pretrained
from mtl_core.architectures.layers.transformers_folder import (
    Stamp,
    config_of,
    empty_model,
    folder_fault,
    reaches_elsewhere,
    stamp_of,
    whole_model,
)
from mtl_core.errors import listed, shorten
from mtl_core.spec import InputError
from mtl_core.spec import layers as spec
from mtl_core.spec.reports import Shape
from mtl_core.tabular.text.tokenizer import highest_number


def check(layer: spec.Pretrained, shape: Shape) -> Fault | None:
    """A whole folder of a model that takes such images or texts; its weights are read once."""
    if text := folder_fault(layer.path):
        return Fault(f"{layer.title} {text}.")
    if importlib.util.find_spec("transformers") is None:
        install = 'install it with: pip install "mtl-workbench[pretrained]"'
        return Fault(f"{layer.title} needs the package transformers; {install}.")
    if len(shape) not in (1, 3):
        return Fault(f"{layer.title} takes channels × height × width, or the tokens of a text; {arrives(shape)}.")
    return _tried(layer, shape, stamp_of(layer.path))


def detail(layer: spec.Pretrained) -> str:
    """The folder's name and what is taken of the model."""
    size = f"{layer.image_size}×{layer.image_size}" if layer.image_size else ""
    return " · ".join(part for part in (Path(layer.path).name, layer.output, size) if part)


@lru_cache(maxsize=64)
def _tried(layer: spec.Pretrained, shape: Shape, _: Stamp) -> Fault | None:
    """What is wrong with a folder for such images or texts: its settings, then those, then its weights."""
    try:
        config = config_of(layer.path)
        if named := reaches_elsewhere(config):
            return Fault(f"{layer.title} needs a model that is whole in its folder; its config.json has {named!r}.")
        with torch.device("meta"):
            model = Pretrained(empty_model(config), layer)
    except Exception as error:  # whatever the library meets
        return Fault(f"{layer.title} cannot be built from {layer.path} ({_first_line(error)}).")
    if fault := _kind_fault(layer, shape, config, model):
        return fault
    if fault := (_image_fault if len(shape) == 3 else _text_fault)(layer, shape, config, model):
        return fault
    if sum(parameter.numel() for parameter in model.parameters()) > LIMIT:
        return None  # told by whoever counts them
    return _weights_fault(layer, config, model)


def _kind_fault(layer: spec.Pretrained, shape: Shape, config: Any, model: Pretrained) -> Fault | None:
    """A model of something else than what arrives."""
    if len(shape) == 3 and model.reads != "pixel_values":
        return Fault(f"{layer.title} needs a model of images; {layer.path} has a {config.model_type}.")
    if len(shape) == 1 and model.reads == "pixel_values":
        return Fault(f"{layer.title} takes channels × height × width; {arrives(shape)}.")
    if len(shape) == 1 and (model.reads != "input_ids" or getattr(config, "is_encoder_decoder", False)):
        return Fault(f"{layer.title} needs an encoder of texts; {layer.path} has a {config.model_type}.")
    return None


def _image_fault(layer: spec.Pretrained, shape: Shape, config: Any, model: Pretrained) -> Fault | None:
    channels = getattr(config, "num_channels", shape[0])
    if channels != shape[0]:
        before = spec.Conv2d(out_channels=channels, kernel_size=1)
        text = f"{layer.title} takes images of {channels} channels; {arrives(shape)}."
        return Fault(text, Mend("Add Conv2d before", (before, layer)))
    if error := _error(model, shape):
        size = getattr(config, "image_size", None)
        fits = isinstance(size, int) and size != layer.image_size and (size, size) != shape[1:]
        mend = Mend(f"Scale images to {size}", (layer.model_copy(update={"image_size": size}),)) if fits else None
        return Fault(f"{layer.title} cannot take these images; {arrives(shape)} ({error}).", mend)
    return None


def _text_fault(layer: spec.Pretrained, shape: Shape, config: Any, model: Pretrained) -> Fault | None:
    if layer.image_size:
        unscaled = Mend("Scale nothing", (layer.model_copy(update={"image_size": None}),))
        return Fault(f"{layer.title} has a model of texts, which has no images to scale.", unscaled)
    most = _positions(config, model)
    if shape[0] > most:
        advice = f"set dataset.text.max_length to {most} or less"
        return Fault(f"{layer.title} reads texts of at most {most} tokens, and {shape[0]} arrive here; {advice}.")
    try:
        highest = highest_number(layer.path)
    except InputError:  # told where the text is read
        highest = 0
    if highest >= config.vocab_size:
        words = f"has a tokenizer.json of another model: it numbers tokens up to {highest}"
        return Fault(f"{layer.title} {words}, and the model knows {config.vocab_size}.")
    if error := _error(model, shape):
        mend = _mean(layer) if error == NO_POOL else None
        return Fault(f"{layer.title} cannot take these texts ({error}).", mend)
    return None


def _positions(config: Any, model: Pretrained) -> int:
    """How many tokens the model has positions for; RoBERTa and its like count theirs from behind the padding's."""
    most = getattr(config, "max_position_embeddings", None)
    if not isinstance(most, int) or most <= 0:
        return LIMIT
    embeddings = getattr(model.pretrained, "embeddings", None)
    counted = hasattr(embeddings, "create_position_ids_from_input_ids")
    return most - (config.pad_token_id or 0) - 1 if counted else most


def _error(model: Pretrained, shape: Shape) -> str:
    """What a model says to two rows of such a shape, on no device; ``""`` where it takes them."""
    try:
        with torch.no_grad(), torch.device("meta"):
            model.train()(torch.empty(2, *shape))
    except Exception as error:  # whatever the library meets
        return _first_line(error)
    return ""


def _weights_fault(layer: spec.Pretrained, config: Any, model: Pretrained) -> Fault | None:
    """Weights that are not those of the model; those that only what is not used would have may be missing."""
    try:
        _, loaded = whole_model(layer.path, config)
    except Exception as error:  # whatever the library meets
        return Fault(f"{layer.title} cannot read the weights in {layer.path} ({_first_line(error)}).")
    used = {name.removeprefix("pretrained.") for name in model.state_dict()}
    if other := sorted(name for name, *_ in loaded["mismatched_keys"] if name in used):
        return Fault(f"{layer.title} has weights of another shape than its config.json says: {listed(other)}.")
    missing = sorted(used & set(loaded["missing_keys"]))
    if not missing:
        return None
    mend = _mean(layer) if all(name.startswith("pooler.") for name in missing) else None
    return Fault(f"{layer.title} finds no weights for {listed(missing)} in {layer.path}.", mend)


def _mean(layer: spec.Pretrained) -> Mend:
    return Mend("Take the mean of its positions", (layer.model_copy(update={"output": "mean"}),))


def _first_line(error: Exception) -> str:
    return shorten(" ".join(str(error).split()) or type(error).__name__).removesuffix(".")
