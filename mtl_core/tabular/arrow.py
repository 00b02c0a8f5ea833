"""pyarrow without types, which it has for a part of its functions only; imported when it is first needed."""

from importlib import import_module
from typing import Any

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


def ipc() -> Any:
    """The module ``pyarrow.ipc``."""
    return import_module("pyarrow.ipc")


def flags(mask: Any) -> NDArray[np.bool_]:
    """A Boolean array of Arrow as one of NumPy; null counts as false."""
    return np.asarray(mask.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)
