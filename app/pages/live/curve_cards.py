"""The cards that draw the series of a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent

from app.pages.live.run_view import metric_names, metric_text, series_key
from app.plots import CurvePlot, PlotButtons, RunCurves, SeriesBuffer, XAxis
from app.theme import CARD_GAP, GAP
from app.widgets import Card, choice_box, plain_tooltip
from mtl_core.protocol.series_names import LOSS_WEIGHT
from mtl_core.spec import TOTAL

if TYPE_CHECKING:
    from mtl_core.store import SeriesKey

TOTAL_COLOR = "text"


class PlotCard(Card):
    """A card around one plot; subclasses say in ``accepts`` which series they draw, and in ``draw_series`` how."""

    def __init__(self, title: str, name: str, empty: str) -> None:
        super().__init__(title)
        self._title = title
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName(f"live-card-{name}")
        self.plot = CurvePlot()
        self.plot.setObjectName(f"live-plot-{name}")
        self.plot.setAccessibleName(f"Curves: {title}")
        self.plot.set_empty_text(empty)
        self.plot.title = title
        self.body.addWidget(self.plot, 1)
        self.buttons = PlotButtons(self.plot, self.plot.objectName(), self.title)
        self.header.addWidget(self.buttons)

    def clear(self) -> None:
        """Remove the curves and values of the previous run."""
        self.plot.clear()
        self.set_subtitle("")

    def draw(self, curves: RunCurves, changed: Iterable[SeriesKey]) -> None:
        """Draws those of the changed series that belong on this card."""
        for key in changed:
            if self.accepts(key):
                self.draw_series(key, curves.get(key))

    def accepts(self, key: SeriesKey) -> bool:
        """Whether a series belongs on this card."""
        raise NotImplementedError

    def draw_series(self, key: SeriesKey, series: SeriesBuffer) -> None:
        """Draws one series."""
        raise NotImplementedError

    def set_subtitle(self, text: str) -> None:
        """Show current values in the header, and describe the plot by them for a screen reader."""
        super().set_subtitle(text)
        self.plot.setAccessibleDescription(text)
        self._fit_title()

    def set_title(self, text: str) -> None:
        """Change the title; it is elided in the middle if the values need the room."""
        self._title = self.plot.title = text
        super().set_title(text)
        self._fit_title()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the title to the new width."""
        super().resizeEvent(event)
        self._fit_title()

    def _fit_title(self) -> None:
        room = self.width() - 2 * CARD_GAP - 2 * GAP - self._width_beside_title()
        metrics, least = self.title.fontMetrics(), self.width() // 4
        title = metrics.elidedText(self._title, Qt.TextElideMode.ElideMiddle, max(room - self._values_width(), least))
        self.subtitle.setMinimumWidth(max(min(self._values_width(), room - metrics.horizontalAdvance(title)), 0))
        if title != self.title.text():
            self.title.setText(title)
            self.title.setToolTip(plain_tooltip(self._title if title != self._title else ""))

    def _values_width(self) -> int:
        return self.subtitle.sizeHint().width()

    def _width_beside_title(self) -> int:
        """Width of what else stands in the header."""
        return self.buttons.sizeHint().width() + GAP


class LossCard(PlotCard):
    """Training (solid) and validation (dashed) loss of a task, or of all together."""

    def __init__(self, task: str, color: int | str) -> None:
        super().__init__(task, f"loss-{task}", "The loss appears with the first steps.")
        self._task, self._color = task, color
        self._weight = series_key(task, "train", LOSS_WEIGHT)
        self._weights = SeriesBuffer()

    def draw(self, curves: RunCurves, changed: Iterable[SeriesKey]) -> None:
        """Draw the changed losses; all of them when a weight is added, by which they may be multiplied."""
        changed = set(changed)
        if self._weight in changed:
            self._weights = curves.get(self._weight)
            changed |= set(curves.names())
        super().draw(curves, changed)

    def clear(self) -> None:
        """Remove the curves, values and weights of the previous run."""
        super().clear()
        self._weights = SeriesBuffer()

    def accepts(self, key: SeriesKey) -> bool:
        """Whether a series is the training or validation loss of this task."""
        return key.task == self._task and key.metric == "loss" and key.split in ("train", "val")

    def draw_series(self, key: SeriesKey, series: SeriesBuffer) -> None:
        """Draws training solid and validation dashed; one value per epoch is not smoothed."""
        val = key.split == "val"
        self.plot.set_curve(
            key,
            series.steps,
            series.values,
            color=self._color,
            dash=val,
            smoothed=not val,
            label=key.split,
            weights=(self._weights.steps, self._weights.values) if len(self._weights) else None,
        )


class WeightTrajectories(PlotCard):
    """The loss weights in use at each step."""

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__("Loss weights", "weights", "The weights in use appear with the first steps.")
        self.plot.set_from_zero(True)
        self._colors = {task: index for index, task in enumerate(tasks)}

    def accepts(self, key: SeriesKey) -> bool:
        """Whether a series is the weight of one of the tasks."""
        return key.metric == LOSS_WEIGHT and key.task in self._colors

    def draw_series(self, key: SeriesKey, series: SeriesBuffer) -> None:
        """Draws the weights unsmoothed."""
        color = self._colors[key.task]
        self.plot.set_curve(key, series.steps, series.values, color=color, smoothed=False, label=key.task)


class MetricCard(PlotCard):
    """One validation metric of all tasks that have it, selected in the header."""

    metricChanged = Signal(str)

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__("Validation", "metrics", "Validation metrics appear after the first epoch.")
        self._colors = {task: index for index, task in enumerate([*tasks, TOTAL])}
        self._tasks = tuple(tasks)
        self._preferred = ""
        self.choice = choice_box("live-metric", "Validation metric")
        self.choice.hide()
        self.header.insertWidget(self.header.indexOf(self.buttons), self.choice)
        self.choice.currentTextChanged.connect(self.metricChanged)
        self.choice.textActivated.connect(self._set_preferred)

    @property
    def current_metric(self) -> str:
        """The selected metric; empty before there is one."""
        return self.choice.currentText()

    def clear(self) -> None:
        """Remove the curves and metrics of the previous run; a preferred metric is selected again once it appears."""
        blocked = self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.blockSignals(blocked)
        self.choice.hide()
        self.set_title("Validation")
        super().clear()

    def add_metrics(self, keys: Collection[SeriesKey]) -> None:
        """Add the metrics that are not in the list yet; the selection stays."""
        names = metric_names(keys)
        current_items = [self.choice.itemText(index) for index in range(self.choice.count())]
        for name in names:
            if name not in current_items:
                self.choice.addItem(name)
                if name == self._preferred:
                    self.choice.setCurrentText(name)
        self.choice.setVisible(self.choice.count() > 1)
        self.set_title(f"Validation {self.current_metric}" if self.current_metric else "Validation")

    def _set_preferred(self, metric: str) -> None:
        self._preferred = metric

    def _width_beside_title(self) -> int:
        choice = 0 if self.choice.isHidden() else self.choice.sizeHint().width() + GAP
        return super()._width_beside_title() + choice

    def redraw(self, curves: RunCurves) -> None:
        """Draws the selected metric instead of the previous one."""
        for key in self.plot.curve_keys():
            self.plot.remove_curve(key)
        self.plot.show_all()
        self.draw(curves, list(curves.names()))
        self.show_latest(curves)

    def show_latest(self, curves: RunCurves) -> None:
        """Show current values in the header."""
        self.set_subtitle(metric_text(self.current_metric, self._tasks, curves.latest()))

    def accepts(self, key: SeriesKey) -> bool:
        """Whether a series is the selected metric on the validation split."""
        return key.split == "val" and key.metric == self.current_metric and key.task in self._colors

    def draw_series(self, key: SeriesKey, series: SeriesBuffer) -> None:
        """Draws one value per epoch, unsmoothed."""
        color = self._colors[key.task]
        self.plot.set_curve(key, series.steps, series.values, color=color, smoothed=False, label=key.task)


def set_axes(plots: Iterable[CurvePlot], axis: XAxis, until: float, *, log: bool = False) -> None:
    """Give all plots the same horizontal axis, ``log`` for a logarithmic one."""
    for plot in plots:
        plot.set_log_x(log)
        plot.set_x_axis(axis)
        plot.set_until(until)
