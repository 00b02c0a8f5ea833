"""Reading ahead: exact order, errors at their place, and no thread that stays."""

import threading
from collections.abc import Iterator

import pytest

from mtl_core.training.batching.read_ahead import read_ahead


def numbers(count: int, log: list[int] | None = None) -> Iterator[int]:
    for number in range(count):
        if log is not None:
            log.append(number)
        yield number


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("read-ahead")}


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_items_come_in_their_order(count: int) -> None:
    assert list(read_ahead(numbers(count))) == list(range(count))
    assert threads() == set()


def test_no_more_items_are_computed_than_asked_for() -> None:
    log: list[int] = []
    items = read_ahead(numbers(50, log), depth=3)
    assert [next(items), next(items)] == [0, 1]
    items.close()
    assert len(log) <= 5
    assert threads() == set()


def failing() -> Iterator[int]:
    yield 1
    yield 2
    raise OSError("gone")


def test_an_error_is_raised_in_the_place_of_its_item() -> None:
    read: list[int] = []
    with pytest.raises(OSError, match="gone"):
        read.extend(read_ahead(failing()))
    assert threads() == set()
    items = read_ahead(failing())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(OSError, match="gone"):
        next(items)


def test_the_items_are_computed_in_another_thread() -> None:
    def names() -> Iterator[str]:
        for _ in range(3):
            yield threading.current_thread().name

    assert all(name.startswith("read-ahead") for name in read_ahead(names()))
