"""Interface of everything whose state a checkpoint saves."""

from collections.abc import Mapping
from typing import Any, Protocol


class Stateful(Protocol):
    """A part of a run with a state, such as a model, an optimizer or a learning rate schedule.

    A state maps names to tensors and JSON values.
    """

    def state_dict(self) -> dict[str, Any]:
        """Return the state."""
        ...

    def load_state_dict(self, state: Mapping[str, Any], /) -> object:
        """Restore a state that :meth:`state_dict` returned; its errors say what does not fit."""
        ...
