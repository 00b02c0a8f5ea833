"""The field of the filter, which completes names and values while a person types."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView

from app.tables import BASE_COLUMNS, RunRow
from app.theme import icon
from mtl_core.protocol.states import RUN_STATES

if TYPE_CHECKING:
    from mtl_core.store import FilterNames

_WORD = re.compile(r'[^\s()=<>!"]*$')
_VALUE = re.compile(r"""([^\s()=<>!"]+)\s*[=!]=?\s*(["']?[^\s()"']*)$""")
_OPERATORS = ("and", "or", "not")
_HINT = 'Filter, e.g. weighting.kind == "pcgrad" and left.accuracy > 0.9'
_HELP = (
    'Conditions such as weighting.kind == "pcgrad", left.accuracy > 0.9 (test), val.left.accuracy.best > 0.9, '
    "state == finished or Δm > 0, joined by and, or, not and parentheses. Words are looked for in names, notes and "
    "tags; state:finished and tag:paper are short forms."
)
_SHOWN, _MAX_VALUES, _NARROWEST = 12, 200, 24


class FilterField(QLineEdit):
    """A line of text that suggests fields, settings and metrics, and behind a comparison values.

    ``values(name)`` gives the values of a field for suggestions; those of a setting are asked for by
    ``choicesRequested(path)`` and given by :meth:`set_choices`.
    """

    choicesRequested = Signal(str)

    def __init__(self, values: Callable[[str], Sequence[str]]) -> None:
        super().__init__(clearButtonEnabled=True)
        self.setObjectName("runs-filter")
        self.setAccessibleName("Filter of the runs")
        self.setPlaceholderText(_HINT)
        self.setToolTip(_HELP)
        self.addAction(icon("magnifying-glass", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self._values = values
        self._names: tuple[str, ...] = ()
        self._settings: frozenset[str] = frozenset()
        self._choices: dict[str, Sequence[str]] = {}
        self._entries = QStringListModel(self)
        self.suggestions = QCompleter(self._entries, self)
        self.suggestions.setWidget(self)
        self.suggestions.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.suggestions.setFilterMode(Qt.MatchFlag.MatchContains)
        self.suggestions.setMaxVisibleItems(_SHOWN)
        self._popup = QListView()
        self._popup.setObjectName("runs-filter-suggestions")
        self.suggestions.setPopup(self._popup)
        self.suggestions.activated[str].connect(self._insert)  # type: ignore[index]  # the stubs lack overloads
        self.textEdited.connect(lambda _: self._suggest())

    def set_names(self, names: FilterNames) -> None:
        """Set the names that are suggested."""
        self._names = (*names.fields, *names.metrics, *names.settings)
        self._settings = frozenset(names.settings)
        self._choices = {}

    def set_choices(self, path: str, choices: Sequence[str]) -> None:
        """Set the values of a setting that are suggested, and suggest them if it is being typed."""
        self._choices[path] = choices
        if self.hasFocus():
            self._suggest()

    def add_condition(self, condition: str) -> None:
        """Add a condition that must hold too."""
        query = self.text().strip()
        if re.search(r"\bor\b", query, re.IGNORECASE):
            query = f"({query})"
        self.setText(f"{query} and {condition}" if query else condition)
        self.setCursorPosition(len(self.text()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ask for suggestions with Ctrl+Space."""
        if event.key() == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self._suggest(always=True)
        else:
            super().keyPressEvent(event)

    def _suggest(self, *, always: bool = False) -> None:
        before = self.text()[: self.cursorPosition()]
        value = _VALUE.search(before)
        typed = value[2].lstrip("\"'") if value else _WORD.search(before)[0]  # type: ignore[index]  # matches always
        entries = self._values_of(value[1]) if value else [*self._names, *_OPERATORS]
        # What begins with the typed text stands before what only contains it.
        entries.sort(key=lambda entry: not entry.casefold().startswith(typed.casefold()))
        self._entries.setStringList(entries)
        self.suggestions.setCompletionPrefix(typed)
        is_done = typed in entries or ":" in typed
        if not (typed or value or always) or is_done or not self.suggestions.completionCount():
            self._popup.hide()
            return
        digit = self.fontMetrics().horizontalAdvance("0")
        width = min(max(self._popup.sizeHintForColumn(0) + digit * 5, digit * _NARROWEST), self.width())
        left = self.cursorRect().center().x() - self.fontMetrics().horizontalAdvance(typed) - digit
        self.suggestions.complete(QRect(max(min(left, self.width() - width), 0), 0, width, self.height() + 2))

    def _values_of(self, name: str) -> list[str]:
        if name not in self._settings:
            return [*self._values(name)]
        if name not in self._choices:
            self._choices[name] = ()
            self.choicesRequested.emit(name)
        return [*self._choices[name]]

    def _insert(self, entry: str) -> None:
        """Replace the typed part of a name or value by a suggestion."""
        position = self.cursorPosition()
        before, after = self.text()[:position], self.text()[position:]
        value = _VALUE.search(before)
        if value:
            entry = f'"{entry}"' if re.search(r"[^\w.+-]", entry) else entry
        start = value.start(2) if value else _WORD.search(before).start()  # type: ignore[union-attr]
        self.setText(f"{before[:start]}{entry} {after.lstrip()}")
        self.setCursorPosition(start + len(entry) + 1)


def filter_values(name: str, rows: Sequence[RunRow]) -> Sequence[str]:
    """The values of a field that the filter suggests: those of some runs."""
    if name == "state":
        return RUN_STATES
    if name in {"starred", "archived"}:
        return ("yes", "no")
    column = next((column for column in BASE_COLUMNS if column.name == name), None)
    if column is None:
        return ()
    values = {str(value) for row in rows for value in column.filter_values(row) if not isinstance(value, float)}
    return sorted(values)[:_MAX_VALUES]
