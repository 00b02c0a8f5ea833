"""The searchable list model of runs to choose from."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.formatting import STATE_LABELS, format_timestamp
from app.tables.run_columns import experiment_name, method_title

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
        text: Number, name and what it trained by.
        detail: Its state and when it began.
        words: What is searched, folded: all but the time, whose digits would be found for every number.
    """

    run: int
    text: str
    detail: str
    words: str


def read_choices(store: RunStore, *, queued: bool = True) -> tuple[RunChoice, ...]:
    """Every run that is not archived, newest first; for the store's thread."""
    now = time.time()
    return tuple(_choice_of(record, now) for record in store.runs() if queued or record.state != "queued")


def _choice_of(record: RunRecord, now: float) -> RunChoice:
    method = f"{record.baseline} alone" if record.baseline else method_title(record.method)
    text = f"Run {record.id} · {experiment_name(record)} · {method} · seed {record.seed}"
    state = STATE_LABELS[record.state][0]
    detail = f"{state} · {format_timestamp(record.started or record.created, now)}"
    searched = (text, state, record.dataset, record.method, *record.tags)
    return RunChoice(record.id, text, detail, " ".join(searched).casefold())


class RunChoices(QAbstractListModel):
    """The entries that match all search words; with ``ticks`` each has a check box."""

    def __init__(self, parent: QObject | None = None, *, ticks: bool = False) -> None:
        super().__init__(parent)
        self._all: tuple[RunChoice, ...] = ()
        self._shown: list[RunChoice] = []
        self._words: tuple[str, ...] = ()
        self._ticks, self._ticked = ticks, dict[int, None]()

    @property
    def total(self) -> int:
        """How many runs there are to choose from."""
        return len(self._all)

    @property
    def ticked(self) -> tuple[int, ...]:
        """The ticked runs, whether they are shown or not, in the order in which they were ticked."""
        return tuple(self._ticked)

    def set_choices(self, choices: Iterable[RunChoice]) -> None:
        """Replace the runs; nothing is ticked then."""
        self._all, self._ticked = tuple(choices), {}
        self._narrow()

    def search(self, text: str) -> None:
        """Show the runs that hold every word of a text."""
        self._words = tuple(text.casefold().split())
        self._narrow()

    def tick(self, runs: Sequence[int], *, on: bool = True) -> None:
        """Tick runs, or take their ticks away."""
        for run in runs:
            if on:
                self._ticked[run] = None
            else:
                self._ticked.pop(run, None)
        self.dataChanged.emit(self.index(0), self.index(len(self._shown) - 1), [Qt.ItemDataRole.CheckStateRole])

    def shown_runs(self) -> tuple[int, ...]:
        """The runs that hold the words searched for."""
        return tuple(choice.run for choice in self._shown)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        """How many runs are shown."""
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a row shows."""
        if not index.isValid():
            return None
        choice = self._shown[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return choice.text
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return f"{choice.text} · {choice.detail}"
            case Qt.ItemDataRole.CheckStateRole if self._ticks:
                return Qt.CheckState.Checked if choice.run in self._ticked else Qt.CheckState.Unchecked
        return {RUN_ROLE: choice.run, DETAIL_ROLE: choice.detail}.get(role)

    def _narrow(self) -> None:
        self.beginResetModel()
        self._shown = [choice for choice in self._all if all(word in choice.words for word in self._words)]
        self.endResetModel()
