"""The prediction for one row: probabilities as bars, numbers with their intervals, and the change against the start."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.formatting import format_share
from app.forms import discard
from app.pages.predict.prediction_model import format_cell
from app.theme import GAP, resolve, row_height, series_color
from app.widgets import Card, Label, Muted
from mtl_core.protocol.predictions import Cell, PredictedColumn, RowPrediction

_MOST_BARS = 12
_NAME_SHARE, _NUMBER_DIGITS = 0.3, 16
_SMALLEST_CHANGE = 5e-5
"""Changes of probabilities below it are rounded away."""


@dataclass(frozen=True)
class Bar:
    """A probability, and that of the start."""

    name: str
    value: float
    start: float

    @property
    def text(self) -> str:
        """The probability and its change."""
        change = self.value - self.start
        return format_share(self.value, 1) + (
            f" ({_signed(100 * change, 1)})" if abs(change) >= _SMALLEST_CHANGE else ""
        )


class ProbabilityBars(QWidget):
    """Paints probabilities as bars; a line marks that of the start.

    Args:
        color: The task's color by number.
    """

    def __init__(self, color: int) -> None:
        super().__init__()
        self._color = color
        self.bars: tuple[Bar, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_bars(self, bars: Sequence[Bar]) -> None:
        """Show other probabilities."""
        if len(bars) != len(self.bars):
            self.updateGeometry()
        self.bars = tuple(bars)
        self.setAccessibleName("; ".join(f"{bar.name} {bar.text}" for bar in bars))
        self.update()

    def sizeHint(self) -> QSize:
        """A line for each bar."""
        return QSize(30 * self.fontMetrics().horizontalAdvance("0"), max(1, len(self.bars)) * self._line())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw name, bar and number of each."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, line = self.fontMetrics(), self._line()
        numbers = _NUMBER_DIGITS * metrics.horizontalAdvance("0")
        left = round(self.width() * _NAME_SHARE)
        room = max(self.width() - left - numbers - 2 * GAP, 1)
        middle = Qt.AlignmentFlag.AlignVCenter
        for index, bar in enumerate(self.bars):
            top = index * line
            name = metrics.elidedText(bar.name, Qt.TextElideMode.ElideMiddle, left - GAP)
            painter.setPen(QColor(resolve("text")))
            painter.drawText(QRectF(0, top, left - GAP, line), middle, name)
            painter.drawText(
                QRectF(left + room + GAP, top, numbers, line), middle | Qt.AlignmentFlag.AlignLeft, bar.text
            )
            painter.setPen(Qt.PenStyle.NoPen)
            groove = QRectF(left, top + line * 0.3, room, line * 0.4)
            painter.setBrush(QColor(resolve("sunken")))
            painter.drawRoundedRect(groove, 3, 3)
            painter.setBrush(QColor(series_color(self._color)))
            painter.drawRoundedRect(
                QRectF(groove.left(), groove.top(), room * min(bar.value, 1.0), groove.height()), 3, 3
            )
            painter.setBrush(QColor(resolve("text")))
            painter.drawRect(QRectF(left + room * bar.start - 1, groove.top() - 3, 2, groove.height() + 6))
        painter.end()

    def _line(self) -> int:
        return round(row_height() * 0.85)


class TaskOutcome(QWidget):
    """The prediction of one task.

    Args:
        task: Its name.
        index: Its number, which decides its color.
    """

    def __init__(self, task: str, index: int) -> None:
        super().__init__()
        self.setObjectName(f"predict-outcome-{task}")
        self.title, self.text = Muted(task), Label(wrap=True)
        self.text.setObjectName(f"predict-value-{task}")
        self.bars, self.more = ProbabilityBars(index), Muted()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for widget in (self.title, self.text, self.bars, self.more):
            column.addWidget(widget)

    def show_cells(self, columns: Sequence[PredictedColumn], cells: Sequence[Cell], start: Sequence[Cell]) -> None:
        """Show the cells of the task, and their change against those of the start."""
        bars = [
            Bar(column.label, cell, began if isinstance(began, float) else cell)
            for column, cell, began in zip(columns, cells, start, strict=True)
            if column.role == "probability" and isinstance(cell, float)
        ]
        shown = sorted(bars, key=lambda bar: -bar.value)[:_MOST_BARS] if len(bars) > _MOST_BARS else bars
        self.bars.show_bars(shown)
        self.bars.setVisible(bool(shown))
        self.more.setText(f"and {len(bars) - len(shown)} less probable")
        self.more.setVisible(len(bars) > len(shown))
        has_labels = bool(bars) and any(column.role == "predicted" and column.label for column in columns)
        self.text.setText("" if has_labels else "\n".join(_lines(columns, cells, start)))
        self.text.setVisible(not has_labels)


class Outcome(Card):
    """The predictions of all tasks for one row."""

    def __init__(self) -> None:
        super().__init__("Prediction")
        self.setObjectName("predict-outcome")
        self.notes = Muted(wrap=True)
        self.notes.setObjectName("predict-row-notes")
        self.tasks: dict[str, TaskOutcome] = {}
        self._list = QWidget()
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(self.body.spacing())
        self.body.addWidget(self._list)
        self.body.addWidget(self.notes)
        self.body.addStretch(1)

    def set_tasks(self, tasks: Sequence[str]) -> None:
        """Show the tasks of other models, without predictions."""
        for outcome in self.tasks.values():
            discard(outcome)
        self._list.hide()
        self.tasks = {task: TaskOutcome(task, index) for index, task in enumerate(tasks)}
        for outcome in self.tasks.values():
            self._column.addWidget(outcome)
        self.notes.setText("")

    def show_prediction(self, prediction: RowPrediction, start: RowPrediction) -> None:
        """Show a prediction, and its change against that of the start."""
        began = start.cells if start.columns == prediction.columns and start.cells else prediction.cells
        for task, outcome in self.tasks.items() if not prediction.reason else ():
            places = [i for i, column in enumerate(prediction.columns) if column.task == task]
            outcome.show_cells(
                [prediction.columns[i] for i in places],
                [prediction.cells[i] for i in places],
                [began[i] for i in places],
            )
        self._list.setVisible(not prediction.reason)
        reason = [f"There is no prediction: {prediction.reason}."] if prediction.reason else []
        self.notes.setText("\n".join([*reason, *prediction.notes]))


def _lines(columns: Sequence[PredictedColumn], cells: Sequence[Cell], start: Sequence[Cell]) -> list[str]:
    """A line for each predicted class or number: with its interval, its unit and the change against the start."""
    ends = {
        (column.label, column.role): format_cell(cell, column)
        for column, cell in zip(columns, cells, strict=True)
        if column.role in ("low", "high") and cell is not None
    }
    lines = []
    for column, cell, began in zip(columns, cells, start, strict=True):
        if column.role != "predicted":
            continue
        parts = [f"{column.label}:"] if column.label else []
        parts.append(format_cell(cell, column))
        if column.unit:
            parts.append(column.unit)
        low, high = ends.get((column.label, "low")), ends.get((column.label, "high"))
        if low is not None and high is not None:
            parts.append(f"({low} … {high})")
        if (change := _change(cell, began)) != "":
            parts.append(f"· {change}")
        lines.append(" ".join(parts))
    return lines


def _change(cell: Cell, began: Cell) -> str:
    """How a cell differs from that of the start; empty where it does not."""
    if cell == began or cell is None:
        return ""
    if isinstance(cell, float) and isinstance(began, float):
        difference = cell - began
        size = max(abs(cell), abs(began))
        decimals = max(0, 4 - math.ceil(math.log10(size))) if size > 0 and math.isfinite(size) else 4
        return f"{_signed(difference, min(decimals, 12))} against the start"
    return f"{began} at the start" if began is not None else ""


def _signed(number: float, decimals: int) -> str:
    return f"{number:+.{decimals}f}".replace("-", "−")
