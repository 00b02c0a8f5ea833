"""Ask the system to read rows of a file that is mapped into memory, while the rows before them are trained on."""

import ctypes
import mmap
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np
from torch import Tensor

Rows = Tensor | slice
"""Indices of rows, or a range of them."""

_DEPTH = 4
"""Selections of rows that are read ahead."""
_PAGE = mmap.PAGESIZE
_WILL_NEED: int | None = getattr(mmap, "MADV_WILLNEED", None)
"""None where the system takes no such advice (Windows); it then reads a page when it is needed."""
_LIBRARY = None if _WILL_NEED is None else ctypes.CDLL(None)


def read_ahead(selections: Iterator[Rows], tensors: Sequence[Tensor], depth: int = _DEPTH) -> Iterator[Rows]:
    """Iterate over selections of rows, and have the system read those that come next meanwhile.

    Nothing is copied and no thread is needed: the caller selects the rows as it does in memory. What is in memory as a
    whole at the beginning is not asked for.

    Args:
        selections: The rows of one batch or several, as they will be used.
        tensors: Contiguous tensors ``[N, …]`` on the CPU whose rows are used.
        depth: How many selections are read ahead.
    """
    absent = [tensor for tensor in tensors if not is_in_memory(tensor)]
    if not absent:
        yield from selections
        return
    waiting: deque[Rows] = deque()
    for rows in selections:
        for tensor in absent:
            _request(tensor, rows)
        waiting.append(rows)
        if len(waiting) > depth:
            yield waiting.popleft()
    yield from waiting


def is_in_memory(tensor: Tensor) -> bool:
    """Whether all pages of a tensor are in memory; also true where the system does not say."""
    if _LIBRARY is None or not tensor.nbytes:
        return True
    first = tensor.data_ptr() & -_PAGE
    size = tensor.data_ptr() + tensor.nbytes - first
    states = np.zeros(-(-size // _PAGE), np.uint8)
    failed = _LIBRARY.mincore(ctypes.c_void_p(first), ctypes.c_size_t(size), ctypes.c_void_p(states.ctypes.data))
    return bool(failed) or bool((states & 1).all())  # the other bits are reserved


def _request(tensor: Tensor, rows: Rows) -> None:
    """Have rows read in the background; failure is no error, since they are read when they are needed."""
    row_bytes = tensor.stride(0) * tensor.element_size()
    if isinstance(rows, slice):
        first, last, _ = rows.indices(len(tensor))
        ranges = [(first * row_bytes, (last - first) * row_bytes)]
    else:
        ranges = [(start, row_bytes) for start in (rows * row_bytes).tolist()]
    for start, size in ranges:
        page = (tensor.data_ptr() + start) & -_PAGE
        _advise(page, tensor.data_ptr() + start + size - page)


def _advise(address: int, size: int) -> None:
    """Tell the system that a range of memory, which begins with a page, will be needed."""
    assert _LIBRARY is not None
    _LIBRARY.madvise(ctypes.c_void_p(address), ctypes.c_size_t(size), _WILL_NEED)
