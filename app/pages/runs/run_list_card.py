"""The card with the filter and the table of runs, or its empty state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QStackedLayout

from app.pages.runs.filter_field import FilterField
from app.pages.runs.panel import set_names
from app.pages.runs.runs_view import RunsView
from app.tables import RunsModel
from app.theme import CARD_GAP, GAP
from app.widgets import Button, Card, EmptyState, InlineError
from mtl_core.errors import InputError
from mtl_core.text import format_names

_TYPING_MS = 200


class RunListCard(Card):
    """Filter field, table and column menu.

    ``refreshRequested()``: the filter changed. ``columnsRequested()``, ``groupsRequested()`` and ``viewsRequested()``:
    the button of this name was clicked.
    """

    refreshRequested = Signal()
    columnsRequested = Signal()
    groupsRequested = Signal()
    viewsRequested = Signal()

    def __init__(self, model: RunsModel, values: Callable[[str], Sequence[str]]) -> None:
        super().__init__()
        self.setContentsMargins(0, GAP // 2, 0, 0)
        self.filter = FilterField(values)
        self.archived = set_names(QCheckBox("Show archived"), "show-archived", "Show archived")
        self.groups = Button("Group", self.groupsRequested.emit, icon_name="rows", name="choose-group")
        self.views = Button("Views", self.viewsRequested.emit, icon_name="bookmark-simple", name="choose-view")
        self.columns = Button("Columns", self.columnsRequested.emit, icon_name="columns", name="choose-columns")
        self.error = InlineError()
        self.error.setObjectName("runs-error")
        self._damage = ""
        self.view = RunsView(model)
        self.no_runs = EmptyState(
            "magnifying-glass", "No run matches", "Change the filter.", "Clear the filter", self._show_more
        )
        self._lay_out()
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._typing.timeout.connect(self.refreshRequested)
        self.filter.textChanged.connect(lambda _: self._typing.start())
        self.archived.toggled.connect(lambda _: self.refreshRequested.emit())
        escape = QShortcut(QKeySequence("Escape"), self.filter, context=Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(self.clear)

    @property
    def query(self) -> str:
        """The text of the filter."""
        return self.filter.text().strip()

    @property
    def is_filtered(self) -> bool:
        """Whether the filter or the archive option is set."""
        return bool(self.query) or self.archived.isChecked()

    def show_table(self, shown: int) -> None:
        """Show the table, or why it is empty."""
        self._table_or_none.setCurrentIndex(0 if shown else 1)
        why = ("No run matches", "Change the filter to see other runs.", "Clear the filter")
        if not self.is_filtered:
            why = ("All runs are archived", "Tick “Show archived” to see them.", "Show archived")
        title, text, action = why
        self.no_runs.title.setText(title)
        self.no_runs.text.setText(text)
        if self.no_runs.action is not None:
            self.no_runs.action.setText(action)

    def show_error(self, error: Exception | None) -> None:
        """Show below the filter why the runs cannot be read, or else which of them are damaged."""
        self.error.set_error(self._damage if error is None else _error_text(error))

    def show_damage(self, damage: Mapping[int, str]) -> None:
        """Show below the filter which runs are omitted because they are damaged."""
        self._damage = _damage_text(damage)
        self.error.set_error(self._damage)

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def clear(self) -> None:
        """Empty the filter and go back to the table."""
        self.filter.clear()
        self.view.setFocus()

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(CARD_GAP)
        bar.addWidget(self.filter, 1)
        for widget in (self.archived, self.groups, self.views, self.columns):
            bar.addWidget(widget)
        self._table_or_none = QStackedLayout()
        self._table_or_none.addWidget(self.view)
        self._table_or_none.addWidget(self.no_runs)
        self.body.addLayout(bar)
        self.body.addWidget(self.error)
        self.body.addLayout(self._table_or_none, 1)

    def _show_more(self) -> None:
        if self.is_filtered:
            self.clear()
        else:
            self.archived.setChecked(True)


def _damage_text(damage: Mapping[int, str]) -> str:
    """Text about the damaged runs, with the cause of the first."""
    if not damage:
        return ""
    numbers = sorted(damage)
    runs = f"Run {numbers[0]} is" if len(numbers) == 1 else f"Runs {format_names([*map(str, numbers)])} are"
    return f"{runs} damaged in the store and left out: {damage[numbers[0]]}"


def _error_text(error: Exception) -> str:
    """Text of an error below the filter, without the name of the filter."""
    if isinstance(error, InputError) and error.problem.path == "filter":
        return f"“{error.problem.found}”: {error.problem.rule}. {error.problem.fix}"
    return str(error)
