"""How much memory and disk the tensors of data sets may take: settings of this machine, for all its processes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from pydantic import ValidationError

from mtl_core.errors import InputError
from mtl_core.files import write_text
from mtl_core.locations import home
from mtl_core.spec.base import Spec, field

GIB = 2**30
_MEMORY_SHARE = 4


def _default_memory() -> float:
    """A quarter of this machine's memory, in GB."""
    return round(float(psutil.virtual_memory().total) / _MEMORY_SHARE / GIB, 1)


class Limits(Spec):
    """How much memory and disk the data may take."""

    memory: float = field(
        help="Larger decoded pictures and sounds stay on disk while a model trains. It begins with a quarter of the "
        "machine's memory.",
        unit="GB",
        gt=0,
        le=2**20,
        default_factory=_default_memory,
    )
    cache: float = field(20.0, "Room on the disk for decoded pictures and sounds.", unit="GB", gt=0, le=2**20)

    @property
    def memory_bytes(self) -> int:
        """The most bytes of pictures or sounds that are kept in memory."""
        return int(self.memory * GIB)

    @property
    def cache_bytes(self) -> int:
        """The most bytes of the cache."""
        return int(self.cache * GIB)


def read_limits() -> Limits:
    """The limits of this machine; the defaults where none are set, or the file of them is damaged."""
    try:
        return Limits.model_validate_json(_path().read_bytes())
    except (OSError, ValidationError):
        return Limits()


def change_limits(changes: Mapping[str, Any]) -> Limits:
    """Set some of the limits of this machine; returns all of them.

    Raises:
        InputError: One is not in its range; its path is the name of the limit.
        EnvironmentFault: The file cannot be written.
    """
    try:
        limits = Limits.model_validate({**read_limits().model_dump(), **changes})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(str(first["loc"][0]), first["msg"], found=first["input"]) from None
    write_limits(limits)
    return limits


def write_limits(limits: Limits) -> None:
    """Set the limits of this machine; they hold from the next data set that is read.

    Raises:
        EnvironmentFault: The file cannot be written.
    """
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, limits.model_dump_json(indent=2) + "\n")


def _path() -> Path:
    return home() / "cache" / "limits.json"
