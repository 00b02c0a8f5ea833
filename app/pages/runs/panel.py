"""The side panel: details of one run, with editable tags and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QSizePolicy,
    QStackedLayout,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app.formatting import STATE_LABELS
from app.pages.runs.detail import RunDetail, event_lines, facts, metric_rows, parse_tags, settings_lines
from app.pages.runs.files_view import FilesView
from app.pages.runs.lineage_view import LineageView
from app.pages.runs.notes_field import NotesField
from app.pages.runs.panel_parts import FactsForm, MetricsGrid, column_of, heading, log_view, set_plain_text
from app.pages.runs.permissions import Action
from app.theme import GAP, card_title_font
from app.widgets import (
    Button,
    Card,
    Chip,
    EmptyState,
    HLine,
    InlineError,
    Label,
    LineEdit,
    ToolButton,
    plain_tooltip,
    scroll_area,
)

if TYPE_CHECKING:
    from mtl_core.store import DiskUse, RunRecord

_W = TypeVar("_W", bound=QWidget)
_NOTES_DELAY_MS = 700
_BUTTONS = 2


class RunPanel(Card):
    """Details of the selected run; edits are emitted when the person stops typing or leaves the field.

    ``actionTriggered(key)`` carries the key of an action, ``nameEdited``, ``tagsEdited`` and ``notesEdited`` the run
    and the new value, ``parentRequested`` a related run, ``aloneRequested`` whether the list is hidden.
    """

    actionTriggered = Signal(str)
    nameEdited = Signal(int, str)
    tagsEdited = Signal(int, tuple)
    notesEdited = Signal(int, str)
    parentRequested = Signal(int)
    aloneRequested = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setObjectName("run-panel")
        self.setAccessibleName("Selected run")
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * 36)
        self._record: RunRecord | None = None
        self._disk_use: DiskUse | None = None
        self._empty_state = EmptyState("cursor", "No run selected", "")
        self._pages = QStackedLayout()
        self._pages.addWidget(self._empty_state)
        self._pages.addWidget(self._build())
        self.body.addLayout(self._pages)
        self._notes_timer = QTimer(self, singleShot=True, interval=_NOTES_DELAY_MS)
        self._notes_timer.timeout.connect(self.flush)

    @property
    def run(self) -> int | None:
        """The run shown."""
        return self._record.id if self._record else None

    def clear(self, selected: int = 0) -> None:
        """Show no run; with several ``selected``, say so."""
        self.flush()
        self._record = None
        self._empty_state.title.setText(f"{selected} runs selected" if selected else "No run selected")
        text = (
            "Compare them with the button above, or press C."
            if selected
            else "Select a run to see its settings, metrics and events."
        )
        self._empty_state.text.setText(text)
        self._pages.setCurrentIndex(0)

    def set_record(self, record: RunRecord, actions: tuple[Action, ...]) -> None:
        """Show a run's record; metrics and events follow with :meth:`set_detail`."""
        other = self._record is None or self._record.id != record.id
        if other:
            self.flush()
            self._metrics.clear()
            self.events.clear()
            self.settings.clear()
            self.files.clear()
            self.lineage.clear()
            for widget in (self._data_heading, self.data_notes):
                widget.hide()
        self._record = record
        self._number.setText(f"Run {record.id}")
        word, tone = STATE_LABELS[record.state]
        self._state.set_text(word + (" · archived" if record.archived else ""))
        self._state.set_tone("neutral" if tone == "muted" else tone)
        self._state.set_dot(tone)
        self._error.set_error(record.error)
        self._set_text(self.name, record.name, other)
        self._set_text(self.tags, ", ".join(record.tags), other)
        writing = self.notes.hasFocus() or self._notes_timer.isActive()
        if other or (not writing and self.notes.toPlainText() != record.notes):
            self.notes.setPlainText(record.notes)
            self._notes_timer.stop()
        self._disk_use = None if other else self._disk_use
        self._facts.show_pairs(facts(record, self._disk_use))
        self._set_actions(actions)
        self._pages.setCurrentIndex(1)

    def set_detail(self, detail: RunDetail) -> None:
        """Show metrics, events and data notes of the run."""
        if self._record is None or detail.record.id != self._record.id:
            return
        self._disk_use = detail.disk_use
        self._facts.show_pairs(facts(detail.record, self._disk_use))
        self._metrics.show_rows(metric_rows(detail.summaries, detail.record.tasks))
        self.lineage.show_lineage(detail.lineage)
        self.files.show_files(detail.checkpoints, detail.artifacts, detail.folder, has_ended=detail.record.has_ended)
        set_plain_text(self.settings, "\n".join(settings_lines(detail.spec, detail.lineage)))
        texts = [event.message for event in detail.notes]
        self.data_notes.setText("\n".join(f"• {text}" for text in texts))
        for widget in (self._data_heading, self.data_notes):
            widget.setVisible(bool(texts))
        set_plain_text(self.events, "\n".join(event_lines(detail.events)))

    def flush(self) -> None:
        """Emit notes that have not been emitted yet."""
        self._notes_timer.stop()
        if self._record is not None and self.notes.toPlainText() != self._record.notes:
            self.notesEdited.emit(self._record.id, self.notes.toPlainText())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Show the list again with Escape."""
        if event.key() == Qt.Key.Key_Escape and self.alone.isChecked():
            self.aloneRequested.emit(False)
        else:
            super().keyPressEvent(event)

    def _build(self) -> QWidget:
        self._number = Label()
        self._number.setFont(card_title_font())
        self._state = Chip()
        self._state.setObjectName("run-state")
        self._more = ToolButton(
            "dots-three", "More actions", lambda: self.actionTriggered.emit("menu"), name="run-more"
        )
        self.alone = ToolButton(
            "arrows-out-simple",
            "Show the run alone, without the list",
            lambda: self.aloneRequested.emit(self.alone.isChecked()),
            checkable=True,
            name="run-alone",
        )
        top = _row(self._number, self._state, None, self.alone, self._more)
        self._error = InlineError()
        self._error.setObjectName("run-error")
        self._buttons = [Button("", name=f"run-action-{i}") for i in range(_BUTTONS)]
        for button in self._buttons:
            button.clicked.connect(self._on_button_clicked)
        self.name = set_names(LineEdit(), "run-name", "Name of the run")
        self.name.editingFinished.connect(self._save_name)
        self.tags = set_names(LineEdit(placeholderText="Tags, separated by commas"), "run-tags", "Tags")
        self.tags.editingFinished.connect(self._save_tags)
        self.notes_field = NotesField()
        self.notes = self.notes_field.editor
        self.notes.textChanged.connect(self._on_notes_changed)
        self.lineage = LineageView()
        self.lineage.runRequested.connect(self.parentRequested)
        self._facts, self._metrics = FactsForm(), MetricsGrid()
        self.files = FilesView()
        self.settings = log_view("run-settings", "Settings")
        self.settings.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.events = log_view("run-events", "Events")
        self._build_parts()
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, GAP, 0)
        column.setSpacing(GAP)
        column.addLayout(top)
        column.addWidget(self._error)
        column.addLayout(_row(*self._buttons, None))
        for field in (self.name, self.tags, self.notes_field):
            column.addWidget(field)
        column.addWidget(self.lineage)
        column.addWidget(self.tabs)
        column.addWidget(self._parts, 1)
        self._show_part(0)
        return scroll_area(column)

    def _build_parts(self) -> None:
        self._data_heading = heading("About the data")
        self.data_notes = set_names(Label(wrap=True), "run-data-notes", "Data notes")
        self.data_notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for widget in (self._data_heading, self.data_notes):
            widget.hide()
        self.tabs = QTabBar()
        self.tabs.setObjectName("run-tabs")
        self.tabs.setProperty("role", "compact")
        self.tabs.setAccessibleName("Parts of the run")
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        overview = column_of(self._metrics, HLine(), self._facts, self._data_heading, self.data_notes, None)
        parts = {
            "Overview": overview,
            "Settings": self.settings,
            "Files": self.files,
            "Log": self.events,
        }
        self._parts = QStackedWidget()
        for title, part in parts.items():
            self.tabs.addTab(title)
            self._parts.addWidget(part)
        self.tabs.currentChanged.connect(self._show_part)

    def _show_part(self, index: int) -> None:
        """Show a part of the run; those that are hidden take no height."""
        for place in range(self._parts.count()):
            used = QSizePolicy.Policy.Preferred if place == index else QSizePolicy.Policy.Ignored
            if (part := self._parts.widget(place)) is not None:
                part.setSizePolicy(used, used)
        self._parts.setCurrentIndex(index)
        self._parts.adjustSize()

    def _set_actions(self, actions: tuple[Action, ...]) -> None:
        first = [action for action in actions if action.key in {"watch", "resume", "again", "open"}]
        order = {"resume": 0, "watch": 1, "again": 2, "open": 3}
        first.sort(key=lambda action: order[action.key])
        for i, button in enumerate(self._buttons):
            action = first[i] if i < len(first) else None
            button.setVisible(action is not None)
            if action is not None:
                button.setText(action.text.replace("Open its experiment", "Open"))
                button.setAccessibleName(action.text)
                button.setToolTip(plain_tooltip(action.text + (f" ({action.shortcut})" if action.shortcut else "")))
                button.setProperty("action", action.key)

    def _set_text(self, field: LineEdit, text: str, other: bool) -> None:
        """Set the text of a field unless it is being edited."""
        if (other or not field.hasFocus()) and field.text() != text:
            field.setText(text)

    def _on_button_clicked(self) -> None:
        self.actionTriggered.emit(str(self.sender().property("action")))

    def _save_name(self) -> None:
        if self._record is None:
            return
        name = self.name.text().strip()
        if not name:
            self.name.setText(self._record.name)
        elif name != self._record.name:
            self.nameEdited.emit(self._record.id, name)

    def _save_tags(self) -> None:
        if self._record is not None and set(parse_tags(self.tags.text())) != set(self._record.tags):
            self.tagsEdited.emit(self._record.id, parse_tags(self.tags.text()))

    def _on_notes_changed(self) -> None:
        if self._record is not None and self.notes.toPlainText() != self._record.notes:
            self._notes_timer.start()


def set_names(widget: _W, name: str, accessible: str) -> _W:
    """Set the object name and the accessible name of a widget, and return it."""
    widget.setObjectName(name)
    widget.setAccessibleName(accessible)
    return widget


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(GAP)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row
