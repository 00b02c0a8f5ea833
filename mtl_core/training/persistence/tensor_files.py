"""Safetensors files with plain values in their header, and a digest of both by which damage is noticed; no pickle."""

import json
import re
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mtl_core.errors import EnvironmentFault, StoreError

_VALUES, _DIGEST = "mtl_workbench", "digest"


class DamageError(Exception):
    """A file is not as it was written; the text says how."""


def write_tensors(path: Path, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
    """Write named tensors and JSON values to a file.

    Raises:
        OSError, SafetensorError: It cannot be written.
    """
    plain = _apart({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
    text = json.dumps(values)
    save_file(plain, path, {_VALUES: text, _DIGEST: _digest(text, plain)})


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Named tensors and values of a file, on the CPU; no values where another program wrote it.

    Files of earlier versions have no digest and are read without.

    Raises:
        FileNotFoundError: There is none.
        DamageError: It is not whole, or not as it was written.
        EnvironmentFault: It may not be read.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
        text = header.get(_VALUES, "{}")
        values = json.loads(text)
    except FileNotFoundError:
        raise
    except PermissionError as error:
        raise EnvironmentFault(str(path), "cannot be read", found=error) from None
    except (OSError, SafetensorError, ValueError, TypeError, RecursionError) as error:
        raise DamageError(reason(error)) from None
    if not isinstance(values, dict):
        raise DamageError("its values are no mapping")
    if _DIGEST in header and header[_DIGEST] != _digest(text, tensors):
        raise DamageError("its content does not fit its digest")
    return tensors, values


def damaged(path: Path, found: object) -> StoreError:
    """The error for a file that the program wrote and that is no longer as it was written."""
    fix = "Put a copy back, or run the experiment again."
    return StoreError(str(path), "is not a whole checkpoint", found=found, fix=fix)


def reason(error: Exception) -> str:
    """What went wrong with a file, without the words of the library that met it."""
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return re.sub(r"Error while \w+( header)?: |I/O error: | \(os error \d+\)", "", str(error)).strip().lower()


def _apart(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors with memory of their own each, as the format demands."""
    seen: set[int] = set()
    for name, tensor in tensors.items():
        place = tensor.untyped_storage().data_ptr()
        if place in seen:
            tensors[name] = tensor.clone()
        seen.add(place)
    return tensors


def _digest(text: str, tensors: Mapping[str, Tensor]) -> str:
    """Of the values as text, and of each tensor's name, type, shape and bytes."""
    digest = blake2b(text.encode(), digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
