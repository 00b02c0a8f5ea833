"""The searchable list model of runs to choose from."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.formatting import STATE_LABELS, format_timestamp
from app.tables.run_columns import run_title

if TYPE_CHECKING:
    from mtl_core.store import RunRecord, RunStore

DETAIL_ROLE = Qt.ItemDataRole.UserRole + 1
RUN_ROLE = Qt.ItemDataRole.UserRole
_ROOT = QModelIndex()


@dataclass(frozen=True)
class RunChoice:
    """A run as an entry of the list.

    Attributes:
        run: Its number.
        text: Number, name, weighting method and seed.
        detail: Its state and when it began.
        search_text: The searched text, casefolded; without the time, whose digits would match every number.
    """

    run: int
    text: str
    detail: str
    search_text: str


def read_choices(store: RunStore, *, queued: bool = True) -> tuple[RunChoice, ...]:
    """Every run that is not archived, newest first; for the store's thread."""
    now = time.time()
    return tuple(_make_choice(record, now) for record in store.runs() if queued or record.state != "queued")


def _make_choice(record: RunRecord, now: float) -> RunChoice:
    text = run_title(record)
    state = STATE_LABELS[record.state][0]
    detail = f"{state} · {format_timestamp(record.started or record.created, now)}"
    searched = (text, state, record.dataset, record.method, *record.tags)
    return RunChoice(record.id, text, detail, " ".join(searched).casefold())


class RunChoices(QAbstractListModel):
    """List model of the runs that match a search; with ``checkable`` each has a check box."""

    def __init__(self, parent: QObject | None = None, *, checkable: bool = False) -> None:
        super().__init__(parent)
        self._choices: tuple[RunChoice, ...] = ()
        self._matches: list[RunChoice] = []
        self._search_words: tuple[str, ...] = ()
        self._checkable, self._checked = checkable, dict[int, None]()

    @property
    def total(self) -> int:
        """How many runs there are to choose from."""
        return len(self._choices)

    @property
    def checked_runs(self) -> tuple[int, ...]:
        """The checked runs, whether they match the search or not, in the order in which they were checked."""
        return tuple(self._checked)

    def set_choices(self, choices: Iterable[RunChoice]) -> None:
        """Replace the runs and uncheck all."""
        self._choices, self._checked = tuple(choices), {}
        self._apply_search()

    def search(self, text: str) -> None:
        """Show only the runs that contain every word of a text."""
        self._search_words = tuple(text.casefold().split())
        self._apply_search()

    def set_checked(self, runs: Sequence[int], *, on: bool = True) -> None:
        """Check or uncheck runs."""
        for run in runs:
            if on:
                self._checked[run] = None
            else:
                self._checked.pop(run, None)
        self.dataChanged.emit(self.index(0), self.index(len(self._matches) - 1), [Qt.ItemDataRole.CheckStateRole])

    def shown_runs(self) -> tuple[int, ...]:
        """The runs that match the search."""
        return tuple(choice.run for choice in self._matches)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        """How many runs are shown."""
        return 0 if parent.isValid() else len(self._matches)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a row shows."""
        if not index.isValid():
            return None
        choice = self._matches[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return choice.text
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return f"{choice.text} · {choice.detail}"
            case Qt.ItemDataRole.CheckStateRole if self._checkable:
                return Qt.CheckState.Checked if choice.run in self._checked else Qt.CheckState.Unchecked
        return {RUN_ROLE: choice.run, DETAIL_ROLE: choice.detail}.get(role)

    def _apply_search(self) -> None:
        self.beginResetModel()
        self._matches = [
            choice for choice in self._choices if all(word in choice.search_text for word in self._search_words)
        ]
        self.endResetModel()
