"""Read items ahead in a background thread, in their order."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")

_END = object()


def read_ahead(items: Iterator[Item], depth: int = 2) -> Generator[Item, None, None]:
    """Iterate over items that a background thread computes while the caller works on those before.

    The thread ends with the iteration, also where that is given up or an item raises, which is raised here.

    Args:
        items: Computes an item at each step; only the thread touches it.
        depth: How many are computed ahead.
    """
    executor = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")

    def submit() -> "Future[object]":
        return executor.submit(next, items, _END)

    try:
        waiting = deque(submit() for _ in range(depth))
        while (item := waiting.popleft().result()) is not _END:
            waiting.append(submit())
            yield item  # type: ignore[misc] # what is not the end is an item
    finally:
        executor.shutdown(cancel_futures=True)
