"""Safetensors files with JSON values in the header and a digest that detects damage; no pickle."""

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
    """A file is damaged; the message says how."""


def write_tensors(path: Path, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
    """Write named tensors and JSON values to a file.

    Raises:
        OSError, SafetensorError: The file cannot be written.
    """
    contiguous = _unshare_memory({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
    text = json.dumps(values)
    save_file(contiguous, path, {_VALUES: text, _DIGEST: _compute_digest(text, contiguous)})


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read named tensors, onto the CPU, and values of a file; the values of a foreign file are empty.

    Files of earlier versions have no digest; theirs is not checked.

    Raises:
        FileNotFoundError: The file does not exist.
        DamageError: It is incomplete or was changed.
        EnvironmentFault: Permission to read it is missing.
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
        raise DamageError(describe_error(error)) from None
    if not isinstance(values, dict):
        raise DamageError("its values are no mapping")
    if _DIGEST in header and header[_DIGEST] != _compute_digest(text, tensors):
        raise DamageError("its content does not fit its digest")
    return tensors, values


def content_digest(path: Path) -> str:
    """Return what changes with the content of a file: the digest in its header, or the hash of a file without one.

    Raises:
        FileNotFoundError: The file does not exist.
        DamageError: It is no such file.
    """
    try:
        with safe_open(path, framework="pt") as file:
            digest = (file.metadata() or {}).get(_DIGEST)
        return digest or blake2b(path.read_bytes(), digest_size=16).hexdigest()
    except FileNotFoundError:
        raise
    except (OSError, SafetensorError) as error:
        raise DamageError(describe_error(error)) from None


def damaged_file_error(path: Path, found: object) -> StoreError:
    """Build the error for a damaged file that the program wrote."""
    fix = "Put a copy back, or run the experiment again."
    return StoreError(str(path), "is not a whole checkpoint", found=found, fix=fix)


def describe_error(error: Exception) -> str:
    """Return the reason of a file error without the prefix that the library adds."""
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return re.sub(r"Error while \w+( header)?: |I/O error: | \(os error \d+\)", "", str(error)).strip().lower()


def _unshare_memory(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Clone tensors that share memory, as the format requires."""
    addresses: set[int] = set()
    for name, tensor in tensors.items():
        address = tensor.untyped_storage().data_ptr()
        if address in addresses:
            tensors[name] = tensor.clone()
        addresses.add(address)
    return tensors


def _compute_digest(text: str, tensors: Mapping[str, Tensor]) -> str:
    """Compute the digest of the values as text and of each tensor's name, dtype, shape and bytes."""
    digest = blake2b(text.encode(), digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
