"""Progress of long work in a worker, reported to whoever asked for the work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class WorkProgress:
    """How far some work is.

    Attributes:
        what: What is being done, for people.
        share: The share that is done, 0…1.
    """

    what: str
    share: float


Listener = Callable[[WorkProgress], object]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def progress_listener(listener: Listener) -> Iterator[None]:
    """Calls a function with the progress that is reported meanwhile in this thread."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report_progress(what: str, share: float) -> None:
    """Reports how far some work is, if anyone listens.

    Args:
        what: What is being done, for people.
        share: The share that is done, 0…1.
    """
    if (listener := _listener.get()) is not None:
        listener(WorkProgress(what, share))
