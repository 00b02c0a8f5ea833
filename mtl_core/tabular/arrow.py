"""pyarrow without types, which it has for a part of its functions only; imported when it is first needed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # readers are listed without NumPy
    import numpy as np
    from numpy.typing import NDArray


def arrow() -> Any:
    """The module ``pyarrow``."""
    return import_module("pyarrow")


def compute() -> Any:
    """The module ``pyarrow.compute``."""
    return import_module("pyarrow.compute")


def csv() -> Any:
    """The module ``pyarrow.csv``."""
    return import_module("pyarrow.csv")


def parquet() -> Any:
    """The module ``pyarrow.parquet``."""
    return import_module("pyarrow.parquet")


def flags(mask: Any) -> NDArray[np.bool_]:
    """A Boolean array of Arrow as one of NumPy; null counts as false."""
    array: NDArray[np.bool_] = mask.fill_null(False).to_numpy(zero_copy_only=False)
    return array.astype(bool)
