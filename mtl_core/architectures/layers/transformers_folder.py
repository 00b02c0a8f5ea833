"""Loads models of the transformers library from a local folder: no network, no code from the folder, no pickle.

The library is imported only when a model is loaded, since that takes seconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

Stamp = tuple[tuple[str, int, int], ...]
"""Names, modification times and sizes of a folder's files, as a cache key of its model."""

_EXTERNAL_SETTINGS = ("quantization_config", "backbone")
"""Settings that make the library load other packages, or access the network."""


def folder_error(path: str) -> str:
    """The first required file that the folder lacks, in words; ``""`` if it is complete. Reads no file."""
    folder = Path(path)
    if not path:
        return "needs the folder of a model; none is chosen"
    if not folder.is_dir():
        return f"reads its architecture from its folder, trained or not; there is no folder {path}"
    if not (folder / "config.json").is_file():
        return f"needs a config.json, which is missing in {path}"
    if not any((folder / f"model.safetensors{end}").is_file() for end in ("", ".index.json")):
        return f"reads weights from model.safetensors only, which is missing in {path}"
    return ""


def folder_stamp(path: str) -> Stamp:
    """The stamp of the files that a model is loaded from."""
    files = sorted([*Path(path).glob("*.json"), *Path(path).glob("*.safetensors")])
    return tuple((file.name, (stat := file.stat()).st_mtime_ns, stat.st_size) for file in files)


def load_config(path: str) -> Any:
    """Loads the configuration of the model in a folder."""
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)


def external_setting(config: Any) -> str:
    """The name of a setting with which a model needs more than its folder, or ``""``."""
    return next((name for name in _EXTERNAL_SETTINGS if getattr(config, name, None)), "")


def _options() -> dict[str, Any]:
    """Float32, no code from the folder, and attention that can be differentiated twice (GradNorm does)."""
    return {"dtype": torch.float32, "trust_remote_code": False, "attn_implementation": "eager"}


def empty_model(config: Any) -> nn.Module:
    """Builds the model with random weights."""
    from transformers import AutoModel

    model: nn.Module = AutoModel.from_config(config, **_options())
    return model


def load_model(path: str, config: Any) -> tuple[nn.Module, dict[str, Any]]:
    """Loads the model with its weights, and lists those that were missing or had another shape.

    The random number generator is restored afterwards, so that other layers are initialized as without this one.
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
    """Silences the library's progress bars and reports; our errors have their contents."""
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
