"""Reads the position that a checkpoint was saved at from the header of its file, without loading tensors."""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.errors import EnvironmentFault, StoreError

_LENGTH = struct.Struct("<Q")
_MOST_BYTES = 100_000_000
"""Largest header that the safetensors format allows."""
_VALUES = "mtl_workbench"


@dataclass(frozen=True)
class CheckpointHeader:
    """What the header of a checkpoint says of the training.

    Attributes:
        step: Steps done.
        epoch: Epochs done; None if it holds only the weights of the model.
        best_step: Step of the best epoch so far, -1 without one; None where the header has none.
        bad_epochs: Epochs without improvement, which early stopping counts.
    """

    step: int
    epoch: int | None
    best_step: int | None
    bad_epochs: int

    @property
    def is_whole(self) -> bool:
        """Whether the file holds the whole training state."""
        return self.epoch is not None


def read_header(path: Path) -> CheckpointHeader:
    """Read the header of a checkpoint.

    Raises:
        StoreError: There is no such file, or it is damaged.
        EnvironmentFault: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
            text = file.read(length) if length <= _MOST_BYTES else b""
        values = json.loads(json.loads(text)["__metadata__"][_VALUES])
        return _header(values)
    except FileNotFoundError:
        raise StoreError(str(path), "there is no such checkpoint", fix="Choose another one.") from None
    except OSError as error:
        raise EnvironmentFault(str(path), "cannot be read", found=error) from None
    except (struct.error, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise StoreError(str(path), "is not a whole checkpoint", fix="Choose another one.") from None


def _header(values: Any) -> CheckpointHeader:
    monitor = values.get("monitor", {})
    best_step = monitor.get("best_step")
    return CheckpointHeader(
        step=int(values["step"]),
        epoch=None if "epoch" not in values else int(values["epoch"]),
        best_step=None if best_step is None else int(best_step),
        bad_epochs=int(monitor.get("waited", 0)),
    )
