"""Loads models of the transformers library from a local folder: no network, no code from the folder, no pickle.

The library is imported only when a model is loaded, since that takes seconds.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

Stamp = tuple[tuple[str, int, int], ...]
"""Names, modification times and sizes of a folder's files, as a cache key of its model."""


@dataclass(frozen=True)
class LoadedWeights:
    """Which parameters of a model its files lack, or hold in another shape."""

    missing: set[str]
    mismatched: set[str]


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
    """Loads the configuration of the model in a folder; nothing in it is masked or left out at random.

    Models of sounds would mask by random numbers that no seed and no checkpoint holds, and skip whole layers.
    """
    from transformers import AutoConfig

    config: Any = AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    for name, value in (("apply_spec_augment", False), ("layerdrop", 0.0), ("encoder_layerdrop", 0.0)):
        if hasattr(config, name):
            setattr(config, name, value)
    return config


def needs_own_code(path: str) -> bool:
    """Whether a folder's config.json names code of its own."""
    try:
        return "auto_map" in json.loads((Path(path) / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False


def external_setting(config: Any) -> str:
    """The name of a setting with which a model needs more than its folder, or ``""``."""
    return next((name for name in _EXTERNAL_SETTINGS if getattr(config, name, None)), "")


def _options() -> dict[str, Any]:
    """Float32, no code from the folder, and attention that can be differentiated twice (GradNorm does)."""
    return {"dtype": torch.float32, "trust_remote_code": False, "attn_implementation": "eager"}


def empty_model(config: Any) -> nn.Module:
    """Builds the model with random weights; of an encoder and a decoder the encoder."""
    from transformers import AutoModel

    return _encoder(AutoModel.from_config(config, **_options()))[0]


def load_model(path: str, config: Any) -> tuple[nn.Module, LoadedWeights]:
    """Loads the model with its weights, of an encoder and a decoder the encoder.

    The random number generator is restored afterwards, so that other layers are initialized as without this one.
    """
    from transformers import AutoModel

    with quiet(), torch.random.fork_rng(devices=[]):
        model, loaded = AutoModel.from_pretrained(
            path,
            config=config,
            local_files_only=True,
            use_safetensors=True,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            **_options(),
        )
    encoder, prefix = _encoder(model)
    missing, mismatched = set(loaded["missing_keys"]), {name for name, *_ in loaded["mismatched_keys"]}
    tied = {f"{prefix}embed_tokens.weight": "shared.weight"} if prefix else {}  # T5 and BART keep it once
    names = [(f"{prefix}{name}", name) for name in encoder.state_dict(keep_vars=True)]
    return encoder, LoadedWeights(
        missing={name for full, name in names if {full, tied.get(full, full)} & missing},
        mismatched={name for full, name in names if {full, tied.get(full, full)} & mismatched},
    )


def _encoder(model: Any) -> tuple[nn.Module, str]:
    """The part of a model that reads its input, and the beginning of the names of its parameters in the whole."""
    if not getattr(model.config, "is_encoder_decoder", False):
        return model, ""
    encoder: nn.Module = model.get_encoder()
    name = next((name for name, module in model.named_modules() if module is encoder), "")
    return encoder, f"{name}." if name else ""


@contextmanager
def quiet() -> Iterator[None]:
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
