"""Cards of one class against the others: ROC, precision and recall, threshold, reliability."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.evaluation.threshold_view import ThresholdView
from app.plots import XYPlot, XYSeries
from app.theme import CARD_GAP, GAP
from app.widgets import Button, Card, CardRow, ColorSlider, Muted, NumberField, NumberRange, choice_box
from mtl_core.protocol.diagnostics import ClassDiagnostics, Estimate, TaskDiagnostics

_COST_WIDTH_DIGITS = 12


class ClassCards(QWidget):
    """Curves and threshold of the chosen class or label; hidden for a task without any.

    Args:
        name: Begins the names of the widgets.
    """

    def __init__(self, name: str = "evaluate") -> None:
        super().__init__()
        self._task: TaskDiagnostics | None = None
        self._view: ThresholdView | None = None
        self.choice = choice_box(f"{name}-class", "Class of the curves")
        self.omitted = Muted()
        self.roc = _plot(f"{name}-roc", "false positive rate", "true positive rate", diagonal=True)
        self.precision = _plot(f"{name}-precision-recall", "recall", "precision")
        self.cost = _plot(f"{name}-cost", "threshold", "mean cost of a row")
        self.reliability = _plot(f"{name}-reliability", "predicted probability", "frequency", diagonal=True)
        self.roc_card = _card("ROC curve", f"{name}-card-roc", self.roc)
        self.precision_card = _card("Precision and recall", f"{name}-card-precision", self.precision)
        self.reliability_card = _card("Reliability", f"{name}-card-reliability", self.reliability)
        self.slider = ColorSlider("accent", marks_one=False)
        self.slider.setObjectName(f"{name}-threshold")
        self.slider.setAccessibleName("Threshold")
        self.slider.setSingleStep(1)
        self.false_positive = _cost_field(f"{name}-cost-false-positive", "Cost of a false positive")
        self.false_negative = _cost_field(f"{name}-cost-false-negative", "Cost of a false negative")
        self.cheapest = Button("Lowest cost", self._go_to_cheapest, name=f"{name}-lowest-cost")
        self.cheapest.setToolTip("Move the threshold to where the errors cost least")
        self.words = Muted(wrap=True)
        self.words.setObjectName(f"{name}-threshold-words")
        self.threshold_card = self._make_threshold_card(name)
        self._lay_out()
        self.choice.currentIndexChanged.connect(lambda _index: self._show_class())
        self.slider.valueChanged.connect(lambda _value: self._show_threshold())
        for field in (self.false_positive, self.false_negative):
            field.valueChanged.connect(lambda _value: self._update_costs())

    def show_task(self, task: TaskDiagnostics) -> None:
        """Show another task; a class of the same name stays chosen."""
        name = self.choice.currentText()
        names = [entry.name for entry in task.classes]
        self._task = task
        self.setVisible(bool(names))
        blocked = self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems(names)
        self.choice.setCurrentIndex(max(names.index(name) if name in names else 0, 0))
        self.choice.blockSignals(blocked)
        more = task.omitted_classes
        self.omitted.setText(f"{more} less frequent ones have no curves." if more else "")
        self._show_class()

    @property
    def shown_class(self) -> ClassDiagnostics | None:
        """The class shown."""
        index = self.choice.currentIndex()
        return None if self._task is None or index < 0 else self._task.classes[index]

    def _make_threshold_card(self, name: str) -> Card:
        card = Card("Threshold")
        card.setObjectName(f"{name}-card-threshold")
        costs = QHBoxLayout()
        costs.setSpacing(GAP)
        for text, field in (("False positive costs", self.false_positive), ("false negative", self.false_negative)):
            costs.addWidget(Muted(text))
            costs.addWidget(field)
        costs.addStretch(1)
        costs.addWidget(self.cheapest)
        card.body.addLayout(costs)
        card.body.addWidget(self.slider)
        card.body.addWidget(self.words)
        card.body.addWidget(self.cost, 1)
        return card

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(CARD_GAP)
        line = QHBoxLayout()
        line.setSpacing(GAP)
        line.addWidget(Muted("Curves of"))
        line.addWidget(self.choice)
        line.addWidget(self.omitted, 1)
        column.addLayout(line)
        for pair in ((self.roc_card, self.precision_card), (self.threshold_card, self.reliability_card)):
            row = CardRow()
            for card in pair:
                row.add(card, 1)
            column.addWidget(row)

    def _show_class(self) -> None:
        entry = self.shown_class
        if entry is None:
            return
        view = self._view = ThresholdView.of(entry, self.false_positive.value(), self.false_negative.value())
        drawn = entry.positives > 0 and entry.negatives > 0
        missing = "There are only rows of one class." if entry.positives + entry.negatives else "No row has a label."
        for plot, x, y in (
            (self.roc, view.false_rate, view.true_rate),
            (self.precision, view.true_rate, view.precision),
        ):
            plot.set_empty_text(missing)
            plot.set_series((XYSeries(x, y, color="accent"),) if drawn else ())
        bins = XYSeries(
            np.asarray(entry.probability),
            np.asarray(entry.frequency),
            color="accent",
            has_dots=True,
            labels=tuple(
                f"{rows} rows: predicted {p:.3f}, observed {f:.3f}"
                for rows, p, f in zip(entry.counts, entry.probability, entry.frequency, strict=True)
            ),
        )
        self.reliability.set_empty_text("No row has a label.")
        self.reliability.set_series((bins,) if entry.counts else ())
        self.roc_card.set_subtitle(f"AUC {_estimate(entry.auroc)}")
        self.precision_card.set_subtitle(f"average precision {_estimate(entry.average_precision)}")
        error = entry.calibration_error
        self.reliability_card.set_subtitle("" if math.isnan(error) else f"calibration error {error:.4f}")
        self._draw_costs()
        blocked = self.slider.blockSignals(True)
        self.slider.setRange(0, len(view.costs) - 1)
        self.slider.setPageStep(max(len(view.costs) // 20, 1))
        self.slider.setValue(len(view.costs) - 1 - view.default)
        self.slider.blockSignals(blocked)
        self._show_threshold()

    def _update_costs(self) -> None:
        entry = self.shown_class
        if entry is not None:
            self._view = ThresholdView.of(entry, self.false_positive.value(), self.false_negative.value())
            self._draw_costs()
            self._show_threshold()

    def _draw_costs(self) -> None:
        view = self._view
        if view is None:
            return
        top = float(view.costs.max()) if len(view.costs) else 0.0
        thresholds = np.minimum(view.counts.thresholds, 1.0)
        self.cost.set_series((XYSeries(thresholds, view.costs, color="accent"),), y_range=(0.0, 1.08 * top or 1.0))

    def _show_threshold(self) -> None:
        view = self._view
        if view is None:
            return
        index = len(view.costs) - 1 - self.slider.value()  # to the right the threshold rises
        self.words.setText(view.describe(index))
        self.roc.set_marker((float(view.false_rate[index]), float(view.true_rate[index])))
        self.precision.set_marker((float(view.true_rate[index]), float(view.precision[index])))
        self.cost.set_marker((min(float(view.counts.thresholds[index]), 1.0), float(view.costs[index])))

    def _go_to_cheapest(self) -> None:
        if self._view is not None:
            self.slider.setValue(len(self._view.costs) - 1 - self._view.cheapest)


def _plot(name: str, x_title: str, y_title: str, *, diagonal: bool = False) -> XYPlot:
    plot = XYPlot(x_title, y_title, diagonal=diagonal)
    plot.setObjectName(name)
    plot.setAccessibleName(f"Curve: {y_title} over {x_title}")
    return plot


def _card(title: str, name: str, plot: XYPlot) -> Card:
    card = Card(title)
    card.setObjectName(name)
    card.body.addWidget(plot, 1)
    return card


def _cost_field(name: str, title: str) -> NumberField:
    field = NumberField(NumberRange(integer=False, low=0.0, high=1e6))
    field.setObjectName(name)
    field.setAccessibleName(title)
    field.setValue(1.0)
    field.setFixedWidth(field.fontMetrics().horizontalAdvance("0") * _COST_WIDTH_DIGITS)
    return field


def _estimate(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return "undefined"
    if math.isnan(estimate.low):
        return f"{estimate.value:.4f}"
    return f"{estimate.value:.4f}, 95 % interval {estimate.low:.4f} to {estimate.high:.4f}"
