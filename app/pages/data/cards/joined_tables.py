"""The list of the tables that are joined to the experiment's table."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.forms import discard
from app.theme import GAP
from app.widgets import Elided, InlineError, ToolButton, plain_tooltip


class JoinedTables(QWidget):
    """A line for each joined table, with its key, and buttons to change and remove it; hidden while there is none.

    ``edited(index)``: choose another key. ``removed(index)``: read the table without it.
    """

    edited = Signal(int)
    removed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("joined-tables")
        self.setAccessibleName("Joined tables")
        self._joins: list[dict[str, Any]] = []
        self._lines: list[QWidget] = []
        self.error = InlineError()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.error)
        self.hide()

    def show_joins(self, joins: Sequence[Mapping[str, Any]], problem: str = "") -> None:
        """Show the joined tables, and what is wrong with one."""
        self.error.set_error(problem)
        self.setVisible(bool(joins))
        if list(joins) == self._joins:
            return
        for line in self._lines:
            discard(line)
        self._joins = [dict(joined) for joined in joins]
        self._lines = [self._line(index, joined) for index, joined in enumerate(self._joins)]

    def _line(self, index: int, joined: Mapping[str, Any]) -> QWidget:
        name, key = Path(str(joined.get("path", ""))).name, str(joined.get("key", ""))
        other_key = joined.get("other_key")
        line = QWidget()
        text = Elided(f"+ {name} by {key}")
        keys = f"{key} = {other_key}" if other_key else key
        line.setToolTip(plain_tooltip(f"{joined.get('path', '')}\nKey: {keys}"))
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP // 2)
        row.addWidget(text, 1)
        for glyph, tip, do, action in (
            ("pencil-simple", f"Change the key of {name}", self.edited, "edit"),
            ("x", f"Remove {name}", self.removed, "remove"),
        ):
            row.addWidget(ToolButton(glyph, tip, partial(do.emit, index), name=f"{action}-join-{index}"))
        self._column.addWidget(line)
        return line
