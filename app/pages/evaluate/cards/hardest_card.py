"""The card of the rows of highest loss, from which rows are left out and labels changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QItemSelectionModel, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QImage, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout

from app.formatting import format_metric, format_quantity
from app.pages.evaluate.relabel_dialog import RelabelDialog
from app.pages.evaluate.review import Review
from app.tables.text_table import Cell, TextTable
from app.theme import GAP
from app.widgets import Button, Card, InlineError, LinkButton, Muted, PrimaryButton, ToolButton, plain_tooltip
from app.widgets.pixel_image import pixel_image
from mtl_core.protocol.diagnostics import RowValues, TaskDiagnostics
from mtl_core.protocol.samples import InputSamples
from mtl_core.tabular.reviewed_list import ReviewedList

_HINT = "Select rows to leave out or to relabel. The data stay as they are."
_ROW_COUNTS = (100, 300, 1000)
"""How many rows can be asked for, one after the other."""
_NO_LABELS = "Labels of this kind of task cannot be changed here"


class ReviewTable(TextTable):
    """A table of several selectable rows with keys to review them.

    ``leaveOutPressed``: Delete; ``relabelPressed``: Return, F2 or a double click; ``undoPressed`` and ``redoPressed``:
    the keys of the platform.
    """

    leaveOutPressed = Signal()
    relabelPressed = Signal()
    undoPressed = Signal()
    redoPressed = Signal()

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name, title)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.doubleClicked.connect(lambda _index: self.relabelPressed.emit())

    def event(self, event: QEvent) -> bool:
        """Take the keys of undo and redo before the menu of the window does."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_undo_key(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Review the selected rows, or move as in any table."""
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undoPressed.emit()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self.redoPressed.emit()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.leaveOutPressed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.relabelPressed.emit()
        else:
            super().keyPressEvent(event)


def _is_undo_key(event: QKeyEvent) -> bool:
    return event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)


class HardestCard(Card):
    """The rows of highest loss with their values, and the actions of a review.

    ``moreRequested``: the number of rows to show.

    Args:
        review: The list of reviewed rows.
    """

    moreRequested = Signal(int)

    def __init__(self, review: Review) -> None:
        super().__init__("Rows of highest loss")
        self.setObjectName("evaluate-card-hardest")
        self._review = review
        self._task: TaskDiagnostics | None = None
        self._values: RowValues | None = None
        self.table = ReviewTable("evaluate-hardest", "Rows of highest loss")
        self.leave_out = Button("Leave out", self._leave_out, name="review-leave-out")
        self.leave_out.setToolTip("Train without the selected rows (Delete)")
        self.relabel = Button("Change label…", self._open_relabel, name="review-relabel")
        self.keep = Button("Take back", self._keep, name="review-keep")
        self.keep.setToolTip("Take the selected rows and their labels as the data have them")
        self.undo = ToolButton("arrow-u-up-left", "Undo the last decision", review.undo, name="review-undo")
        self.redo = ToolButton("arrow-u-up-right", "Redo", review.redo, name="review-redo")
        self.train = PrimaryButton("Train again", review.train, name="review-train")
        self.words = Muted(wrap=True)
        self.words.setObjectName("review-words")
        self.open_list = LinkButton("Open the list", self._open_list, name="review-open")
        self.more = LinkButton("", self._show_more, name="evaluate-more-rows")
        self.error = InlineError()
        self.error.setObjectName("review-error")
        self._lay_out()
        self.table.leaveOutPressed.connect(self._leave_out)
        self.table.relabelPressed.connect(self._open_relabel)
        self.table.undoPressed.connect(review.undo)
        self.table.redoPressed.connect(review.redo)
        review.changed.connect(self._show)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._enable())

    @property
    def selected(self) -> dict[int, str]:
        """The numbers of the selected rows and the digests of their cells."""
        if self._task is None or self._values is None:
            return {}
        digests = dict(zip(self._values.rows, self._values.digests, strict=True))
        positions = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        rows = [self._task.hardest[position].row for position in positions]
        return {row: digests[row] for row in rows}

    def show_task(self, task: TaskDiagnostics, values: RowValues) -> None:
        """Show the rows of a task."""
        self._task, self._values = task, values
        self.table.clearSelection()
        self._show()

    def _lay_out(self) -> None:
        actions = QHBoxLayout()
        actions.setSpacing(GAP)
        for button in (self.leave_out, self.relabel, self.keep, self.undo, self.redo):
            actions.addWidget(button)
        actions.addWidget(self.words, 1)
        actions.addWidget(self.open_list)
        actions.addWidget(self.train)
        self.body.addLayout(actions)  # above the table, whose last row may be out of sight
        self.body.addWidget(self.error)
        self.body.addWidget(self.table)
        self.body.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)

    def _show_more(self) -> None:
        if self._task is not None:
            self.moreRequested.emit(_more_rows(self._task))

    def _show(self) -> None:
        """Show the rows with what the list says about them."""
        task, values = self._task, self._values
        if task is None or values is None:
            return
        cells = dict(zip(values.rows, values.cells, strict=True))
        positions = {row: position for position, row in enumerate(values.input_rows)}
        headers = ["row", "loss", "true", "predicted", "review", *map(_input_title, values.inputs.items())]
        rows: list[list[Cell]] = []
        for entry in task.hardest:
            inputs = [_input_cell(samples, positions[entry.row]) for samples in values.inputs.values()]
            status = self._review.status(entry.row, task.task) or " "
            start = [str(entry.row), _score(entry.loss), entry.true, entry.predicted, status]
            rows.append([*start, *inputs, *cells[entry.row]])
        self.set_subtitle(f"the {len(rows)} hardest of {format_quantity(task.labeled, 'labeled row')}")
        kept = [index.row() for index in self.table.selectionModel().selectedRows()]
        self.table.show_rows([*headers, *values.columns], rows)
        select = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for position in kept:
            self.table.selectionModel().select(self.table.model().index(position, 0), select)
        more = _more_rows(task)
        self.more.setText(f"Show {more} rows")
        self.more.setVisible(more > len(rows))
        reviewed = self._review.reviewed
        self.words.setText(_summary(reviewed))
        self.words.setToolTip(plain_tooltip("" if reviewed is None else reviewed.path))
        self.open_list.setVisible(reviewed is not None and bool(reviewed.lines))
        self.error.set_error("" if self._review.error is None else str(self._review.error))
        self._enable()

    def _enable(self) -> None:
        task, reviewed = self._task, self._review.reviewed
        has_rows = reviewed is not None and bool(self.table.selectionModel().selectedRows())
        can_relabel = task is not None and bool(task.label_names)
        self.leave_out.setEnabled(has_rows)
        self.relabel.setEnabled(has_rows and can_relabel)
        tip = "Give the selected rows another label (Return)" if can_relabel else _NO_LABELS
        self.relabel.setToolTip(plain_tooltip(tip))
        self.keep.setEnabled(has_rows)
        self.undo.setEnabled(self._review.can_undo)
        self.redo.setEnabled(self._review.can_redo)
        self.train.setEnabled(reviewed is not None and bool(reviewed.lines))

    def _leave_out(self) -> None:
        self._review.leave_out(self.selected)
        self.table.setFocus()  # so that the keys of undo go to the table, not to the experiment

    def _keep(self) -> None:
        if self._task is not None:
            self._review.keep(self.selected, self._task.task)
            self.table.setFocus()

    def _open_relabel(self) -> None:
        task, rows = self._task, self.selected
        if task is None or not rows or not self.relabel.isEnabled():
            return
        first = next(entry for entry in task.hardest if entry.row in rows)
        dialog = RelabelDialog(task, len(rows), first.true, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(lambda label, remark: self._review.relabel(rows, task.task, label, remark))
        dialog.open()

    def _open_list(self) -> None:
        if (path := self._review.path) is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _more_rows(task: TaskDiagnostics) -> int:
    """The next larger number of rows, or that of the rows that are shown."""
    shown = len(task.hardest)
    return min(next((count for count in _ROW_COUNTS if count > shown), shown), max(task.labeled, shown))


def _summary(reviewed: ReviewedList | None) -> str:
    if reviewed is None or not reviewed.lines:
        return _HINT
    left_out, relabeled = len(reviewed.left_out), reviewed.relabeled
    parts = [f"{format_quantity(left_out, 'row')} left out", f"{format_quantity(relabeled, 'label')} changed"]
    return f"{', '.join(parts)} in {Path(reviewed.path).name}"


def _score(value: float) -> str:
    return format_metric(None if math.isnan(value) else value)


def _input_title(item: tuple[str, InputSamples]) -> str:
    name, samples = item
    return name if samples.images else f"{name} (as read)"


def _input_cell(samples: InputSamples, position: int) -> str | QImage | None:
    if not samples.images:
        return _text(samples.texts, position)
    image = samples.images[position]
    return None if image is None else pixel_image(image, color=samples.color)


def _text(texts: Sequence[str | None], position: int) -> str | None:
    return texts[position]
