"""Reading ahead: the selections in their order, and the pages of those that come next asked for, but no others."""

import mmap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_core.training.batching import read_ahead as module
from mtl_core.training.batching.read_ahead import Rows, is_in_memory, read_ahead

PAGE = mmap.PAGESIZE
ROWS = 12
Pages = set[int]


@pytest.fixture
def mapped(tmp_path: Path) -> Tensor:
    """Rows of a page each, of which the first does not begin with a page."""
    np.save(tmp_path / "rows.npy", np.arange(ROWS * PAGE, dtype=np.int64).astype(np.uint8).reshape(ROWS, PAGE))
    array: np.ndarray = np.load(tmp_path / "rows.npy", mmap_mode="c")
    return torch.from_numpy(array)


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[Pages]:
    """The numbers of the pages in each advice, where no file is in memory."""
    pages: list[Pages] = []

    def advise(address: int, size: int) -> None:
        assert address % PAGE == 0
        pages.append(set(range(address // PAGE, -(-(address + size) // PAGE))))

    monkeypatch.setattr(module, "is_in_memory", lambda tensor: False)
    monkeypatch.setattr(module, "_advise", advise)
    return pages


def pages_of(tensor: Tensor, rows: Rows) -> Pages:
    numbers = torch.arange(len(tensor))[rows].tolist()
    starts = [tensor[number].data_ptr() for number in numbers]
    return {page for start in starts for page in range(start // PAGE, -(-(start + PAGE) // PAGE))}


def selections(*rows: Rows) -> Iterator[Rows]:
    yield from rows


def test_the_pages_of_the_next_selections_are_asked_for(mapped: Tensor, requests: list[Pages]) -> None:
    shuffled = torch.randperm(ROWS, generator=torch.Generator().manual_seed(0)).split(3)
    ahead = read_ahead(selections(*shuffled), [mapped], depth=2)
    for number, rows in enumerate(ahead):
        assert rows is shuffled[number]
        asked = set().union(*requests)
        assert asked == set().union(*(pages_of(mapped, later) for later in shuffled[: number + 3]))
    assert len(requests) == ROWS


def test_a_range_is_asked_for_at_once_and_ends_with_the_rows(mapped: Tensor, requests: list[Pages]) -> None:
    ranges = [slice(0, 5), slice(5, 5 + ROWS)]
    assert list(read_ahead(selections(*ranges), [mapped])) == ranges
    assert requests == [pages_of(mapped, rows) for rows in ranges]


def test_what_is_in_memory_is_not_asked_for(mapped: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_advise", lambda address, size: pytest.fail("asked"))
    mapped.sum()
    rows = [torch.tensor([3, 1])]
    assert list(read_ahead(selections(*rows), [mapped, torch.ones(4, 2), torch.ones(0, 2)])) == rows


@pytest.mark.skipif(not hasattr(mmap, "MADV_WILLNEED"), reason="the system takes no advice")
def test_pages_that_nobody_has_read_are_not_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "hole"
    with path.open("wb") as file:
        file.truncate(ROWS * PAGE)
    rows = torch.from_numpy(np.memmap(path, np.uint8, "c", shape=(ROWS, PAGE)))
    assert not is_in_memory(rows)
    assert list(read_ahead(selections(slice(0, ROWS)), [rows])) == [slice(0, ROWS)]
    assert not rows.any()
    assert is_in_memory(rows)
