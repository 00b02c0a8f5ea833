"""Decoding of many files: in order, with progress and cancellation; a bad file is a blank row and not the end."""

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.media.cache import MediaCache
from mtl_core.media.decoding import decode_files, file_stamps
from mtl_core.protocol.work_progress import WorkProgress, progress_listener

BLANK = np.zeros(4, np.uint8)


def decode(data: bytes, name: str) -> NDArray[np.uint8]:
    if data == b"bad":
        raise InputError(name, "is bad", found="bad")
    if data == b"stop":
        raise EnvironmentFault("library", "is missing")
    return np.full(4, int(data), np.uint8)


def files(folder: Path, *contents: str) -> list[Path | None]:
    paths = [folder / f"{number}.txt" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_text(content)
    return list(paths)


def cached(paths: list[Path | None], folder: Path) -> tuple[NDArray[np.uint8], dict[str, object]]:
    cache = MediaCache(folder / "cache", 2**20)
    entry = cache.get("a" * 16, (len(paths), 4), BLANK.dtype, "x", lambda: decode_files(paths, decode, BLANK))
    return entry.array, entry.facts


def test_rows_come_in_the_order_of_the_files_and_what_cannot_be_read_is_blank_and_listed(tmp_path: Path) -> None:
    paths = files(tmp_path, *map(str, range(100)), "bad")
    array, facts = cached([*paths, None, tmp_path / "missing.txt", paths[3]], tmp_path)
    np.testing.assert_array_equal(array[:, 0], [*range(100), 0, 0, 0, 3])
    assert facts["missing"] == [100, 102]
    assert facts["messages"] == ["100.txt: is bad (bad)", "missing.txt: cannot be read (No such file or directory)"]


def test_the_digest_is_that_of_the_content(tmp_path: Path) -> None:
    digests = []
    for contents in (("1", "2"), ("1", "2"), ("2", "1"), ("1", "3")):
        folder = tmp_path / str(len(digests))
        folder.mkdir()
        digests.append(cached(files(folder, *contents), folder)[1]["digest"])
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_progress_is_told_and_can_end_the_decoding(tmp_path: Path) -> None:
    paths = files(tmp_path, *["1"] * 20)
    steps: list[WorkProgress] = []
    with progress_listener(steps.append):
        cached(paths, tmp_path)
    assert steps[-1] == WorkProgress("Decoded 20 of 20 files", 1.0)

    def cancel(progress: WorkProgress) -> None:
        raise KeyboardInterrupt

    (tmp_path / "other").mkdir()
    with progress_listener(cancel), pytest.raises(KeyboardInterrupt):
        cached(paths, tmp_path / "other")
    assert list((tmp_path / "other" / "cache").iterdir()) == []
    for thread in threading.enumerate():
        if thread.name.startswith("decoding"):
            thread.join(20)
            assert not thread.is_alive()


def test_a_fault_of_the_machine_ends_it(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="library"):
        cached(files(tmp_path, "1", "stop"), tmp_path)


def test_stamps_change_with_the_files(tmp_path: Path) -> None:
    paths = [*files(tmp_path, "1", "2"), None, tmp_path / "missing", Path("a\0")]
    before = file_stamps(paths)
    assert before[2:] == [None] * 3
    (tmp_path / "1.txt").write_text("23")
    after = file_stamps(paths)
    assert [first == second for first, second in zip(before, after, strict=True)] == [True, False, True, True, True]
