"""An image model of the transformers library as a layer, from a local folder and nowhere else.

The library is imported when such a layer is tried out, and not before: it takes seconds.
"""

import importlib.util
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mtl_core.architectures.faults import LIMIT, Fault, Mend, arrives
from mtl_core.spec import layers as spec
from mtl_core.spec.errors import listed, shorten
from mtl_core.spec.reports import Shape

Stamp = tuple[tuple[str, int, int], ...]
"""Names, times and sizes of a folder's files: another stamp, another model."""

_ELSEWHERE = ("quantization_config", "backbone")
"""Settings that make the library reach for other packages, or for the network."""


class Pretrained(nn.Module):
    """A model of the library that gives one tensor.

    Args:
        model: Takes ``pixel_values``.
        layer: What is asked of it.
    """

    def __init__(self, model: nn.Module, layer: spec.Pretrained) -> None:
        super().__init__()
        self._layer = layer
        self.pretrained = model
        pooler = getattr(model, "pooler", None)
        if layer.output == "positions" and isinstance(pooler, nn.Module) and list(pooler.parameters()):
            model.register_module("pooler", None)  # it would learn nothing

    def forward(self, inputs: Tensor) -> Tensor:
        """Features ``[N, D]``, or ``[N, D, …]`` with positions, of images ``[N, C, H, W]``."""
        if size := self._layer.image_size:
            inputs = interpolate(inputs, size=(size, size), mode="bilinear", antialias=True)
        found = self.pretrained(pixel_values=inputs, return_dict=True)
        if self._layer.output == "pooled":
            pooled: Tensor = found.pooler_output
            return pooled.flatten(1)
        positions: Tensor = found.last_hidden_state
        return positions.transpose(1, 2) if positions.dim() == 3 else positions

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


def build(layer: spec.Pretrained, _: Shape) -> nn.Module:
    """The model with its weights; without them where torch makes no memory."""
    config = _config(layer.path)
    if torch.get_default_device().type == "meta":
        return _empty(layer, config)
    model, _loaded = _load(layer.path, config)
    return Pretrained(model, layer).train()


def check(layer: spec.Pretrained, shape: Shape) -> Fault | None:
    """A whole folder of a model that takes such images; its weights are read once."""
    if text := _folder_fault(layer.path):
        return Fault(f"{layer.title} {text}.")
    if importlib.util.find_spec("transformers") is None:
        install = 'install it with: pip install "mtl-workbench[pretrained]"'
        return Fault(f"{layer.title} needs the package transformers; {install}.")
    if len(shape) != 3:
        return Fault(f"{layer.title} takes channels × height × width; {arrives(shape)}.")
    return _tried(layer, shape, _stamp(layer.path))


def detail(layer: spec.Pretrained) -> str:
    """The folder's name and what is taken of the model."""
    size = f"{layer.image_size}×{layer.image_size}" if layer.image_size else ""
    return " · ".join(part for part in (Path(layer.path).name, layer.output, size) if part)


def _folder_fault(path: str) -> str:
    """What the folder lacks, before anything in it is read."""
    folder = Path(path)
    if not path:
        return "needs the folder of a model; none is chosen"
    if not folder.is_dir():
        return f"needs its folder for its architecture, trained or not; there is no folder {path}"
    if not (folder / "config.json").is_file():
        return f"needs a config.json, which {path} has not"
    if not any((folder / f"model.safetensors{end}").is_file() for end in ("", ".index.json")):
        return f"reads weights from model.safetensors only, which {path} has not"
    return ""


def _stamp(path: str) -> Stamp:
    files = sorted([*Path(path).glob("*.json"), *Path(path).glob("*.safetensors")])
    return tuple((file.name, (found := file.stat()).st_mtime_ns, found.st_size) for file in files)


@lru_cache(maxsize=64)
def _tried(layer: spec.Pretrained, shape: Shape, _: Stamp) -> Fault | None:
    """What is wrong with a folder for such images: its settings, then the images, then its weights."""
    try:
        config = _config(layer.path)
        if named := next((name for name in _ELSEWHERE if getattr(config, name, None)), None):
            return Fault(f"{layer.title} needs a model that is whole in its folder; its config.json has {named!r}.")
        with torch.device("meta"):
            model = _empty(layer, config)
    except Exception as error:  # whatever the library meets
        return Fault(f"{layer.title} cannot be built from {layer.path} ({_first_line(error)}).")
    if getattr(model.pretrained, "main_input_name", "") != "pixel_values":
        return Fault(f"{layer.title} needs a model of images; {layer.path} has a {config.model_type}.")
    if fault := _image_fault(layer, shape, config, model):
        return fault
    if sum(parameter.numel() for parameter in model.parameters()) > LIMIT:
        return None  # told by whoever counts them
    return _weights_fault(layer, config, model)


def _image_fault(layer: spec.Pretrained, shape: Shape, config: Any, model: nn.Module) -> Fault | None:
    channels = getattr(config, "num_channels", shape[0])
    if channels != shape[0]:
        before = spec.Conv2d(out_channels=channels, kernel_size=1)
        text = f"{layer.title} takes images of {channels} channels; {arrives(shape)}."
        return Fault(text, Mend("Add Conv2d before", (before, layer)))
    try:
        with torch.no_grad(), torch.device("meta"):
            model.train()(torch.empty(2, *shape))
    except Exception as error:  # whatever the library meets
        size = getattr(config, "image_size", None)
        fits = isinstance(size, int) and size != layer.image_size and (size, size) != shape[1:]
        mend = Mend(f"Scale images to {size}", (layer.model_copy(update={"image_size": size}),)) if fits else None
        return Fault(f"{layer.title} cannot take these images; {arrives(shape)} ({_first_line(error)}).", mend)
    return None


def _weights_fault(layer: spec.Pretrained, config: Any, model: nn.Module) -> Fault | None:
    """Weights that are not those of the model; those that only what is not used would have may be missing."""
    try:
        _, loaded = _load(layer.path, config)
    except Exception as error:  # whatever the library meets
        return Fault(f"{layer.title} cannot read the weights in {layer.path} ({_first_line(error)}).")
    used = {name.removeprefix("pretrained.") for name in model.state_dict()}
    if other := sorted(name for name, *_ in loaded["mismatched_keys"] if name in used):
        return Fault(f"{layer.title} has weights of another shape than its config.json says: {listed(other)}.")
    missing = sorted(used & set(loaded["missing_keys"]))
    if not missing:
        return None
    mend = None
    if all(name.startswith("pooler.") for name in missing):
        mend = Mend("Take positions and their mean", (*_positions(layer), spec.GlobalAvgPool()))
    return Fault(f"{layer.title} finds no weights for {listed(missing)} in {layer.path}.", mend)


def _positions(layer: spec.Pretrained) -> tuple[spec.Pretrained]:
    return (layer.model_copy(update={"output": "positions"}),)


def _config(path: str) -> Any:
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)


def _options() -> dict[str, Any]:
    """Float32, no code from the folder, and attention that can be differentiated twice (GradNorm does)."""
    return {"dtype": torch.float32, "trust_remote_code": False, "attn_implementation": "eager"}


def _empty(layer: spec.Pretrained, config: Any) -> Pretrained:
    from transformers import AutoModel

    return Pretrained(AutoModel.from_config(config, **_options()), layer)


def _load(path: str, config: Any) -> tuple[nn.Module, dict[str, Any]]:
    """The model with its weights, and which of them were missing or had another shape.

    Random numbers drawn for the missing ones are given back, so that other layers begin as they would without it.
    """
    from transformers import AutoModel

    with _quiet(), torch.random.fork_rng(devices=[]):
        model, loaded = AutoModel.from_pretrained(
            path,
            config=config,
            local_files_only=True,
            use_safetensors=True,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            **_options(),
        )
    return model, loaded


@contextmanager
def _quiet() -> Iterator[None]:
    """The library without its progress bars and reports: what they tell stands in our errors."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return shorten(" ".join(str(error).split()) or type(error).__name__).removesuffix(".")
