"""A model of the transformers library from a local folder: no network, no code from the folder, no pickle.

The library is imported when a model is asked for, and not before: it takes seconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

Stamp = tuple[tuple[str, int, int], ...]
"""Names, times and sizes of a folder's files: another stamp, another model."""

_ELSEWHERE = ("quantization_config", "backbone")
"""Settings that make the library reach for other packages, or for the network."""


def folder_fault(path: str) -> str:
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


def stamp_of(path: str) -> Stamp:
    """That of the files a model is read from."""
    files = sorted([*Path(path).glob("*.json"), *Path(path).glob("*.safetensors")])
    return tuple((file.name, (found := file.stat()).st_mtime_ns, found.st_size) for file in files)


def config_of(path: str) -> Any:
    """The settings of the model in a folder."""
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)


def reaches_elsewhere(config: Any) -> str:
    """The setting that makes a model need more than its folder, or ``""``."""
    return next((name for name in _ELSEWHERE if getattr(config, name, None)), "")


def _options() -> dict[str, Any]:
    """Float32, no code from the folder, and attention that can be differentiated twice (GradNorm does)."""
    return {"dtype": torch.float32, "trust_remote_code": False, "attn_implementation": "eager"}


def empty_model(config: Any) -> nn.Module:
    """The model without its weights."""
    from transformers import AutoModel

    model: nn.Module = AutoModel.from_config(config, **_options())
    return model


def whole_model(path: str, config: Any) -> tuple[nn.Module, dict[str, Any]]:
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
