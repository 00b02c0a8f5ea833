"""An edit of the document as a command on its undo stack."""

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtGui import QUndoCommand

from app.document.data_paths import changed_paths

MERGE_SECONDS = 1.0
"""Two edits of the same number or text within this time are one step of undo."""


class EditCommand(QUndoCommand):
    """The data before and after an edit; what the edit did not change is shared between the two.

    Args:
        show: Called with the data to show and the paths that differ from those shown until then.
        before: The data before the edit.
        after: The data after it.
        label: What the undo menu calls it.
        merge_key: Consecutive edits with the same key merge; an edit with an empty key never does.
    """

    def __init__(
        self,
        show: Callable[[dict[str, Any], list[str]], None],
        before: dict[str, Any],
        after: dict[str, Any],
        label: str,
        merge_key: tuple[str, ...],
    ) -> None:
        super().__init__(label)
        self._show, self._before, self._after, self._merge_key = show, before, after, merge_key
        self._time = time.monotonic()

    def id(self) -> int:
        """Identify commands that may merge, as Qt asks; -1 for one that must not."""
        return hash(self._merge_key) % 0x7FFFFFFF if self._merge_key else -1

    def redo(self) -> None:
        """Show the data after the edit."""
        self._show(self._after, list(changed_paths(self._before, self._after)))

    def undo(self) -> None:
        """Show the data before the edit; a later edit does not merge into an undone one."""
        self._time = 0.0
        self._show(self._before, list(changed_paths(self._before, self._after)))

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take over a later edit of the same values, unless it came too late."""
        if not isinstance(other, EditCommand) or other._merge_key != self._merge_key:
            return False
        if other._time - self._time > MERGE_SECONDS:
            return False
        self._after, self._time = other._after, other._time
        self.setObsolete(self._before == self._after)
        return True
