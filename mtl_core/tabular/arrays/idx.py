"""Read IDX files, the format of MNIST: numbers of one type in an array of one or more dimensions, big-endian."""

import math
import re
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec import InputError

IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""NumPy's names of the types of numbers, by their code."""
_SUFFIX = re.compile(r"(?i)[-.]idx\d*(?:-u?byte)?$")


def read_idx(file: Any, size: int) -> NDArray[Any]:
    """Read the array of an IDX file from a stream of ``size`` bytes.

    Raises:
        InputError: It holds less than its header says.
    """
    header = file.read(4)
    dtype, dimensions = np.dtype(IDX_TYPES[header[2]]), header[3]
    sizes = file.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise InputError("", "is cut off in its header", fix="Download it again.")
    shape = struct.unpack(f">{dimensions}I", sizes)
    wanted, there = math.prod(shape) * dtype.itemsize, size - 4 * (1 + dimensions)
    if wanted != there:
        rule = f"does not have the size that its header says: {wanted} bytes, and there are {there}"
        raise InputError("", rule, fix="Download it again.")
    array = np.frombuffer(file.read(wanted), dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False)


def idx_name(file: str) -> str:
    """The name of the array in a file: ``train-images`` for ``train-images-idx3-ubyte.gz``."""
    stem = file.removesuffix(".gz")
    without = _SUFFIX.sub("", stem)
    return without if without != stem else stem.rpartition(".")[0] or stem
