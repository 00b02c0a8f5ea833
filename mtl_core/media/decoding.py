"""Decode many files in background threads, in their order, for the cache."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.media.cache import Blocks
from mtl_core.media.media_file import read_media_bytes
from mtl_core.protocol.work_progress import report_progress

DecodeBytes = Callable[[bytes, str], NDArray[Any]]
"""From the content of a file and its name to its array; raises an InputError where it cannot be decoded."""

_MAX_THREADS = 8
_AHEAD = 4
"""Files that wait for each thread."""
_BLOCK_BYTES = 2**21
_MOST_MESSAGES = 20
_REPORT_SECONDS = 0.25
"""The longest time between two reports of progress, whose listener may end the decoding."""


def file_stamps(paths: Sequence[Path | None]) -> list[tuple[int, int] | None]:
    """Size and modification time in ns of each file, which change when it does; None where it is not there."""
    return [None if path is None else _stamp(path) for path in paths]


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - of a hundred thousand files it takes half the time
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def decode_files(paths: Sequence[Path | None], decode: DecodeBytes, blank: NDArray[Any]) -> Blocks:
    """Decode files; a file that is missing or cannot be decoded gives a blank row.

    Progress is reported; what its listener raises ends the decoding.

    Args:
        paths: The files; None where a row has none.
        decode: Decodes one.
        blank: What a row without a file gets, of the shape and type of all.

    Returns:
        ``digest``, a hash of the content of all files; ``missing``, the rows that got a blank though they have a file;
        and ``messages``, what was wrong with the first of them.
    """
    digest, missing, messages = blake2b(digest_size=16), list[int](), list[str]()
    per_block = max(1, _BLOCK_BYTES // max(blank.nbytes, 1))
    block: list[NDArray[Any]] = []
    for row, decoded in enumerate(_decode_in_order(paths, decode)):
        digest.update(decoded.digest)
        if decoded.message:
            missing.append(row)
            messages += [decoded.message] if len(messages) < _MOST_MESSAGES else []
        block.append(blank if decoded.array is None else decoded.array)
        if len(block) == per_block or row + 1 == len(paths):
            yield np.stack(block)
            block = []
    return {"digest": digest.hexdigest(), "missing": missing, "messages": messages}


@dataclass(frozen=True)
class _Decoded:
    """A decoded file: its array, or None; a hash of its content; and what was wrong with it."""

    array: NDArray[Any] | None
    digest: bytes
    message: str = ""


_NO_FILE = b"\0" * 16


def _decode_in_order(paths: Sequence[Path | None], decode: DecodeBytes) -> Iterator[_Decoded]:
    threads = min(_MAX_THREADS, os.cpu_count() or 1)
    executor = ThreadPoolExecutor(threads, thread_name_prefix="decoding")
    waiting: deque[Future[_Decoded]] = deque()
    is_done = False
    try:
        for row in range(len(paths)):
            while len(waiting) < threads * _AHEAD and row + len(waiting) < len(paths):
                waiting.append(executor.submit(_decode, paths[row + len(waiting)], decode))
            _report(row, len(paths))
            while not wait([waiting[0]], _REPORT_SECONDS).done:  # a large file, or a slow drive
                _report(row, len(paths))
            yield waiting.popleft().result()
        _report(len(paths), len(paths))
        is_done = True
    finally:  # whoever ends it early does not wait for a large file or a slow drive; its thread ends by itself
        executor.shutdown(wait=is_done, cancel_futures=True)


def _report(count: int, total: int) -> None:
    report_progress(f"Decoded {count:,} of {total:,} files", count / max(total, 1))


def _decode(path: Path | None, decode: DecodeBytes) -> _Decoded:
    if path is None:
        return _Decoded(None, _NO_FILE)
    try:
        data = read_media_bytes(path)
    except (InputError, EnvironmentFault) as error:
        return _Decoded(None, _NO_FILE, _message(error))
    digest = blake2b(data, digest_size=16).digest()
    try:
        return _Decoded(decode(data, str(path)), digest)
    except InputError as error:
        return _Decoded(None, digest, _message(error))


def _message(error: InputError | EnvironmentFault) -> str:
    problem = error.problem
    return f"{Path(problem.path).name}: {problem.rule}" + (f" ({problem.found})" if problem.found else "")
