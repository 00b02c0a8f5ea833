"""The cache of decoded arrays: made once, never half, bounded, shared by processes.

Covers: mtl_core/media/limits.py.
"""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mtl_core.errors import EnvironmentFault
from mtl_core.media.cache import Blocks, CachedArray, MediaCache
from mtl_core.media.limits import Limits, read_limits, write_limits
from mtl_core.text import format_size

BYTES = np.dtype(np.uint8)
SHAPE = (10, 3, 4)


def key(number: int) -> str:
    return f"{number:032x}"


def rows(number: int = 0) -> NDArray[np.uint8]:
    return np.full(SHAPE, number, np.uint8)


def maker(number: int = 0, calls: list[int] | None = None) -> Callable[[], Blocks]:
    def blocks() -> Blocks:
        if calls is not None:
            calls.append(number)
        yield rows(number)[:7]
        yield rows(number)[7:]
        return {"number": number}

    return blocks


def put(cache: MediaCache, number: int, calls: list[int] | None = None) -> CachedArray:
    return cache.get(key(number), SHAPE, BYTES, f"number {number}", maker(number, calls))


def test_an_entry_is_made_once_and_mapped_without_a_copy(tmp_path: Path) -> None:
    calls: list[int] = []
    for _ in range(3):
        entry = put(MediaCache(tmp_path, 10_000), 5, calls)
    assert calls == [5]
    assert entry.facts == {"number": 5}
    np.testing.assert_array_equal(entry.array, rows(5))
    assert isinstance(entry.array, np.memmap)
    tensor = torch.from_numpy(entry.array)
    assert tensor.data_ptr() == entry.array.ctypes.data
    tensor[:] = 0  # is not written to the file
    assert put(MediaCache(tmp_path, 10_000), 5).array.min() == 5


def failing() -> Blocks:
    yield rows()[:7]
    raise RuntimeError("stopped")


def too_short() -> Blocks:
    yield rows()[:7]
    return {}


@pytest.mark.parametrize(("make", "message"), [(failing, "stopped"), (too_short, "7 rows")])
def test_what_is_not_finished_leaves_nothing(make: Callable[[], Blocks], message: str, tmp_path: Path) -> None:
    cache = MediaCache(tmp_path, 10_000)
    with pytest.raises((RuntimeError, ValueError), match=message):
        cache.get(key(1), SHAPE, BYTES, "x", make)
    assert list(tmp_path.iterdir()) == []


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def other_shape(path: Path) -> None:
    np.save(path, np.zeros((2, 2), np.uint8))


def without_facts(path: Path) -> None:
    path.with_suffix(".json").unlink()


@pytest.mark.parametrize("damage", [cut, other_shape, without_facts, lambda path: path.write_bytes(b"")])
def test_a_damaged_entry_is_made_again(damage: Callable[[Path], object], tmp_path: Path) -> None:
    cache, calls = MediaCache(tmp_path, 10_000), list[int]()
    put(cache, 3, calls)
    damage(tmp_path / f"{key(3)}.npy")
    np.testing.assert_array_equal(put(cache, 3, calls).array, rows(3))
    assert calls == [3, 3]


def test_the_entries_unused_for_longest_go_when_the_limit_is_reached(tmp_path: Path) -> None:
    cache = MediaCache(tmp_path, 1000)  # an entry has 128 bytes of header and 120 of rows
    for number in (1, 2, 3):
        put(cache, number)
        os.utime(tmp_path / f"{key(number)}.npy", (number, number))
    opened = put(cache, 1)
    put(cache, 4)
    put(cache, 5)
    assert {entry.key for entry in cache.entries()} == {key(number) for number in (1, 3, 4, 5)}
    assert sum(entry.size for entry in cache.entries()) <= 1000
    assert opened.array.max() == 1
    assert {path.suffix for path in tmp_path.iterdir()} == {".npy", ".json"}


def test_what_exceeds_the_limit_alone_is_refused_and_removes_nothing(tmp_path: Path) -> None:
    cache = MediaCache(tmp_path, 1000)
    put(cache, 1)
    with pytest.raises(EnvironmentFault, match=r"flowers takes 2.0 KB decoded.*limit of 1.0 KB"):
        cache.get(key(2), (2048,), BYTES, "flowers", maker())
    assert [entry.key for entry in cache.entries()] == [key(1)]


def test_entries_are_listed_with_title_and_size_and_reclaimed(tmp_path: Path) -> None:
    cache = MediaCache(tmp_path, 10_000)
    for number in (1, 2, 3):
        put(cache, number)
    (tmp_path / "notes.npy").write_bytes(b"not an entry")
    assert {(entry.title, entry.size) for entry in cache.entries()} == {(f"number {n}", 248) for n in (1, 2, 3)}
    assert cache.remove([key(2)]) == 248
    assert cache.remove() == 2 * 248
    assert cache.entries() == ()
    assert [path.name for path in tmp_path.iterdir()] == ["notes.npy"]


def test_threads_that_make_the_same_entry_at_once_all_get_it(tmp_path: Path) -> None:
    barrier, results = threading.Barrier(4), list[int]()

    def blocks() -> Blocks:
        barrier.wait(10)
        yield rows(9)
        return {}

    def work() -> None:
        entry = MediaCache(tmp_path, 10_000).get(key(9), SHAPE, BYTES, "x", blocks)
        results.append(int(entry.array.min()))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [9] * 4
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".npy"]


def test_limits_are_kept_for_all_processes_and_a_damaged_file_means_the_defaults(home: Path) -> None:
    assert read_limits() == Limits()
    write_limits(Limits(memory=1.5, cache=3))
    assert read_limits().memory_bytes == 3 * 2**29
    assert json.loads((home / "cache" / "limits.json").read_text())["cache"] == 3
    (home / "cache" / "limits.json").write_text("{")
    assert read_limits() == Limits()


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1536, "1.5 KB"), (2**30, "1.0 GB"), (2**20 * 500, "500 MB")]
)
def test_sizes_are_short(size: int, text: str) -> None:
    assert format_size(size) == text
