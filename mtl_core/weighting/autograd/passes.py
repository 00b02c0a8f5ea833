"""Marks the backward passes of weighting methods, so that a training step can tell their time from the rest."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[bool], None]
"""Called with true where a backward pass begins, and with false where it ends."""


class BackwardPass:
    """Reusable context around a backward pass through the model; passes are not nested."""

    def __init__(self) -> None:
        self._listener: Listener | None = None

    def __enter__(self) -> None:
        if self._listener is not None:
            self._listener(True)

    def __exit__(self, *_: object) -> None:
        if self._listener is not None:
            self._listener(False)

    @contextmanager
    def call(self, listener: Listener) -> Iterator[None]:
        """Call a listener at the passes within the context."""
        self._listener = listener
        try:
            yield
        finally:
            self._listener = None


backward_pass = BackwardPass()
"""The context of all backward passes of this process, which trains one step at a time."""
