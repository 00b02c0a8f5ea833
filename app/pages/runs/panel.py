"""The side panel: details of one run, with editable tags and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.formatting import STATE_LABELS
from app.pages.runs.detail import RunDetail, event_lines, facts, metric_rows, parse_tags
from app.pages.runs.notes_field import NotesField
from app.pages.runs.permissions import Action
from app.theme import CARD_GAP, GAP, card_title_font, mono_font
from app.widgets import (
    Button,
    Card,
    Chip,
    EmptyState,
    HLine,
    InlineError,
    Label,
    LineEdit,
    LinkButton,
    Muted,
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
    and the new value, ``parentRequested`` the run that this one repeats.
    """

    actionTriggered = Signal(str)
    nameEdited = Signal(int, str)
    tagsEdited = Signal(int, tuple)
    notesEdited = Signal(int, str)
    parentRequested = Signal(int)

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
            self._clear_grid()
            self.events.clear()
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
        self._parent.setVisible(record.parent is not None)
        self._parent.setText(f"Runs run {record.parent} again")
        self._disk_use = None if other else self._disk_use
        self._set_facts(facts(record, self._disk_use))
        self._set_actions(actions)
        self._pages.setCurrentIndex(1)

    def set_detail(self, detail: RunDetail) -> None:
        """Show metrics, events and data notes of the run."""
        if self._record is None or detail.record.id != self._record.id:
            return
        self._disk_use = detail.disk_use
        self._set_facts(facts(detail.record, self._disk_use))
        self._set_metrics(metric_rows(detail.summaries, detail.record.tasks))
        texts = [event.message for event in detail.notes]
        self.data_notes.setText("\n".join(f"• {text}" for text in texts))
        for widget in (self._data_heading, self.data_notes):
            widget.setVisible(bool(texts))
        lines = "\n".join(event_lines(detail.events))
        if lines != self.events.toPlainText():
            self.events.setPlainText(lines)

    def flush(self) -> None:
        """Emit notes that have not been emitted yet."""
        self._notes_timer.stop()
        if self._record is not None and self.notes.toPlainText() != self._record.notes:
            self.notesEdited.emit(self._record.id, self.notes.toPlainText())

    def _build(self) -> QWidget:
        self._number = Label()
        self._number.setFont(card_title_font())
        self._state = Chip()
        self._state.setObjectName("run-state")
        self._more = ToolButton(
            "dots-three", "More actions", lambda: self.actionTriggered.emit("menu"), name="run-more"
        )
        top = _row(self._number, self._state, None, self._more)
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
        self._parent = LinkButton("", self._show_parent, name="run-parent")
        self._facts = QFormLayout()
        self._facts.setHorizontalSpacing(CARD_GAP)
        self._facts.setVerticalSpacing(4)
        self._metrics = QGridLayout()
        self._metrics.setHorizontalSpacing(CARD_GAP)
        self._metrics.setVerticalSpacing(4)
        self._metrics.setColumnStretch(0, 1)
        self.events = set_names(QPlainTextEdit(readOnly=True), "run-events", "Events")
        self.events.setFont(mono_font())
        self.events.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.events.setMinimumHeight(self.fontMetrics().lineSpacing() * 7)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, GAP, 0)
        column.setSpacing(GAP)
        column.addLayout(top)
        column.addWidget(self._error)
        column.addLayout(_row(*self._buttons, None))
        for widget in (self.name, self.tags, self.notes_field):
            column.addWidget(widget)
        column.addWidget(self._parent, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(HLine())
        column.addLayout(self._metrics)
        column.addWidget(HLine())
        column.addLayout(self._facts)
        self._add_data_notes(column)
        column.addWidget(_heading("Events"))
        column.addWidget(self.events, 1)
        return scroll_area(column)

    def _add_data_notes(self, column: QVBoxLayout) -> None:
        self._data_heading = _heading("About the data")
        self.data_notes = set_names(Label(wrap=True), "run-data-notes", "Data notes")
        self.data_notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for widget in (self._data_heading, self.data_notes):
            column.addWidget(widget)
            widget.hide()

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

    def _set_facts(self, pairs: list[tuple[str, str]]) -> None:
        while self._facts.rowCount() > len(pairs):
            self._facts.removeRow(self._facts.rowCount() - 1)
        for i, (label, words) in enumerate(pairs):
            if i >= self._facts.rowCount():
                value = Label(wrap=True)
                value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                self._facts.addRow(Muted(), value)
            _label(self._facts, i, QFormLayout.ItemRole.LabelRole).setText(label)
            _label(self._facts, i, QFormLayout.ItemRole.FieldRole).setText(words)

    def _set_metrics(self, rows: list[tuple[str, ...]]) -> None:
        self._clear_grid()
        if not rows:
            self._metrics.addWidget(Muted("Metrics appear after the first epoch."), 0, 0)
            return
        for column, title in enumerate(("", "best", "last", "test")):
            self._metrics.addWidget(Muted(title), 0, column, Qt.AlignmentFlag.AlignRight)
        for line, words in enumerate(rows, 1):
            if len(words) == 1:
                self._metrics.addWidget(_heading(words[0]), line, 0, 1, 4)
                continue
            for column, word in enumerate(words):
                label = Label(word) if column else Muted(word)
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                self._metrics.addWidget(label, line, column, side)

    def _clear_grid(self) -> None:
        while (item := self._metrics.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

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

    def _show_parent(self) -> None:
        if self._record is not None and self._record.parent is not None:
            self.parentRequested.emit(self._record.parent)


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


def _heading(text: str) -> Label:
    label = Label(text)
    label.setFont(card_title_font())
    return label


def _label(form: QFormLayout, row: int, role: QFormLayout.ItemRole) -> Label:
    item = form.itemAt(row, role)
    widget = item.widget() if item is not None else None
    assert isinstance(widget, Label)
    return widget
