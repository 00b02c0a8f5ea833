"""The card of the tasks: for each, a box with name, kind, label coverage and target distribution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QMenu, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.formatting import format_quantity
from app.pages.data.roles import KIND_TITLES, is_numeric_kind
from app.plots import BarPlot, Histogram
from app.theme import CARD_GAP, GAP, small_font
from app.widgets import Button, Card, InlineError, LineEdit, Muted, ToolButton, guard_wheel, plain_tooltip
from app.widgets.dot import Dot
from mtl_core.spec import ColumnInfo
from mtl_core.text import group_digits

_MIN_WIDTH = 20
"""Of a box, in digits of the font."""
_WIDE = 340
"""From this width on, name and kind stand on one line."""
_WIDEST_BAR = 96
_BOXES_AT_ONCE = 6


@dataclass(frozen=True)
class TaskView:
    """View model of a task box.

    Attributes:
        columns: Descriptions of its target columns, as far as the data have them.
        targets: Names of its target columns.
        kinds: The kinds that its targets allow.
        rows: Rows of the data set.
        color: Series index of its color.
        problem: Its problem, or ``""``.
        common_labels: Number of rows that also have a label of each other task; empty where no label lacks.
    """

    name: str
    kind: str
    kinds: tuple[str, ...]
    targets: tuple[str, ...]
    columns: tuple[ColumnInfo, ...]
    rows: int
    color: int
    problem: str = ""
    common_labels: tuple[tuple[str, int], ...] = ()

    def overlap(self) -> str:
        """The number of its rows that have labels of the other tasks, as text."""
        lines = [f"{format_quantity(rows, 'row')} with a label of {task} too" for task, rows in self.common_labels]
        return "\n".join(lines)

    def coverage(self) -> str:
        """The number of rows that have a label, as text."""
        if not self.columns:
            return ""
        labeled = [self.rows - column.missing for column in self.columns]
        least, most = min(labeled), max(labeled)
        if least == self.rows:
            return "all labeled"
        rows = group_digits(least) if least == most else f"{group_digits(least)} to {group_digits(most)}"
        return f"{rows} of {group_digits(self.rows)} labeled"


class TasksCard(Card):
    """The boxes of all tasks, and a button with the menu of those to add, which the page fills.

    Emits ``renamed(index, name)``, ``kindChosen(index, kind)`` and ``removed(index)``.
    """

    renamed = Signal(int, str)
    kindChosen = Signal(int, str)
    removed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Tasks", parent=parent)
        self.setObjectName("tasks-card")
        self.menu = QMenu(self)
        self.menu.setAccessibleName("Tasks to add")
        self.add = Button("Add task", name="add-task")
        self.add.setMenu(self.menu)
        self.header.addWidget(self.add)
        self.boxes: list[TaskBox] = []
        self._views: list[TaskView] = []
        self._more_timer = QTimer(self, singleShot=True, interval=0)
        self._more_timer.timeout.connect(lambda: self._add_boxes(1))
        inside = QWidget()
        self._row = QHBoxLayout(inside)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(CARD_GAP)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(inside)
        self._area.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        self._none = InlineError()
        self.body.addWidget(self._none)
        self.body.addWidget(self._area, 1)

    def show_tasks(
        self,
        views: Sequence[TaskView],
        problem: str = "",
        fix_label: str = "",
        on_fix: Callable[[], object] | None = None,
        *,
        complete_rows: int | None = None,
    ) -> None:
        """Show the tasks of the experiment; boxes are reused, so that the focus stays.

        Args:
            views: The tasks.
            problem: What is wrong with all of them, or ``""``.
            fix_label: Text of a link that mends it, or ``""``.
            on_fix: Called when the link is clicked.
            complete_rows: Number of rows with a label of every task, where some lack one.
        """
        while len(self.boxes) > len(views):
            box = self.boxes.pop()
            self._row.removeWidget(box)
            box.hide()
            box.deleteLater()
        self._views = list(views)
        for box, view in zip(self.boxes, views, strict=False):
            box.show_task(view)
        self._add_boxes(max(_BOXES_AT_ONCE - len(self.boxes), 0))
        self._none.set_error(problem, fix_label, on_fix)
        tasks = format_quantity(len(views), "task") if views else ""
        complete = "" if complete_rows is None else f"{format_quantity(complete_rows, 'row')} with all labels"
        self.set_subtitle(" · ".join(filter(None, (tasks, complete))))

    def _add_boxes(self, most: int) -> None:
        """Add boxes of tasks that have none yet; those beyond the first few between events, as 40 take 200 ms."""
        for _ in range(min(most, len(self._views) - len(self.boxes))):
            index = len(self.boxes)
            self._add(index)
            self.boxes[index].show_task(self._views[index])
        if len(self.boxes) < len(self._views):
            self._more_timer.start()

    def _add(self, index: int) -> None:
        box = TaskBox()
        box.renamed.connect(lambda name: self.renamed.emit(index, name))
        box.kindChosen.connect(lambda kind: self.kindChosen.emit(index, kind))
        box.removed.connect(lambda: self.removed.emit(index))
        self.boxes.append(box)
        self._row.addWidget(box, 1)


class TaskBox(QWidget):
    """Name, kind, label coverage and target distribution of one task."""

    renamed = Signal(str)
    kindChosen = Signal(str)
    removed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * _MIN_WIDTH)
        self._view: TaskView | None = None
        self._dot = Dot()
        self.name = LineEdit()
        self.name.editingFinished.connect(self._commit_name)
        self.kind = QComboBox()
        self.kind.activated.connect(lambda _: self.kindChosen.emit(str(self.kind.currentData())))
        self.kind.setMinimumContentsLength(10)
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        guard_wheel(self.kind)
        self._remove = ToolButton("x", "Remove this task", self.removed.emit)
        self._target = Muted(wrap=True)
        self._target.setFont(small_font())
        self._target.setTextFormat(Qt.TextFormat.PlainText)
        self._error = InlineError()
        self._top, self._below = QHBoxLayout(), QHBoxLayout()
        for widget, stretch in ((self._dot, 0), (self.name, 1), (self._remove, 0)):
            self._top.addWidget(widget, stretch)
        for row in (self._top, self._below):
            row.setSpacing(GAP)
        self._below.addWidget(self.kind)
        self._below.addWidget(self._target, 1)
        self._plots = QHBoxLayout()
        self._plots.setSpacing(GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._top)
        column.addLayout(self._below)
        column.addWidget(self._error)
        column.addLayout(self._plots, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put name and kind on one line in a wide box, which leaves more height for the distribution."""
        super().resizeEvent(event)
        is_wide = self.width() >= _WIDE
        if is_wide != (self._top.indexOf(self.kind) >= 0):
            (self._below if is_wide else self._top).removeWidget(self.kind)
            if is_wide:
                self._top.insertWidget(2, self.kind)
            else:
                self._below.insertWidget(0, self.kind)

    def show_task(self, view: TaskView) -> None:
        """Show a task."""
        before, self._view = self._view, view
        if view == before:
            return
        if before is None or not self.name.hasFocus() or before.name != view.name:
            self.name.setText(view.name)
        self._dot.set_color(view.color)
        self.kind.clear()
        for kind in dict.fromkeys((*view.kinds, view.kind)):
            self.kind.addItem(KIND_TITLES.get(kind, kind), kind)
        self.kind.setCurrentIndex(self.kind.findData(view.kind))
        targets = ", ".join(view.targets)
        texts = [targets if targets != view.name else "", view.coverage()]
        self._target.setText(" · ".join(filter(None, texts)))
        self._target.setToolTip(plain_tooltip(view.overlap()))
        self._error.set_error(view.problem)
        self._set_object_names(view.name)
        if before is None or (before.columns, before.kind, before.color) != (view.columns, view.kind, view.color):
            self._draw(view)

    def _set_object_names(self, name: str) -> None:
        self.setObjectName(f"task-{name}")
        self.setAccessibleName(f"Task {name}")
        self.name.setObjectName(f"task-name-{name}")
        self.name.setAccessibleName(f"Name of task {name}")
        self.kind.setObjectName(f"kind-of-{name}")
        self.kind.setAccessibleName(f"Kind of task {name}")
        self._remove.setObjectName(f"remove-task-{name}")

    def _draw(self, view: TaskView) -> None:
        while (item := self._plots.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for column in view.columns:
            self._plots.addWidget(distribution(column, view.kind, view.color), 1)
        if view.columns:
            self._plots.addStretch()
        else:
            self._plots.addWidget(Muted("The distribution appears once the data are read.", wrap=True))

    def _commit_name(self) -> None:
        if self._view is None:
            return
        name = self.name.text().strip()
        if not name:
            self.name.setText(self._view.name)
        elif name != self._view.name:
            self.renamed.emit(name)


def distribution(column: ColumnInfo, kind: str, color: int) -> QWidget:
    """A plot of a target: bars for classes, a histogram for numbers."""
    plot = Histogram() if is_numeric_kind(kind) and column.histogram is not None else BarPlot()
    plot.setObjectName(f"distribution-{column.name}")
    plot.setAccessibleName(f"Distribution of {column.name}")
    plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
    if isinstance(plot, Histogram) and column.histogram is not None:
        plot.set_counts(column.histogram.edges, column.histogram.counts, color=color)
        return plot
    pairs = _in_order(column.categories)
    plot.set_empty_text("No classes to show")
    plot.set_bars([name for name, _ in pairs], [rows for _, rows in pairs], color=color)
    plot.setMaximumWidth(_WIDEST_BAR * max(len(pairs), 2))
    return plot


def _in_order(categories: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Classes that are numbers in ascending order, others as given: the most frequent first."""
    try:
        return sorted(categories, key=lambda pair: float(pair[0]))
    except ValueError:
        return list(categories)
