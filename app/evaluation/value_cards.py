"""The cards of predicted numbers: predicted against true, and the residuals."""

from __future__ import annotations

import math

import numpy as np

from app.formatting import format_number
from app.plots import Histogram, XYPlot, XYSeries
from app.widgets import Card, CardRow, Muted, choice_box
from mtl_core.protocol.diagnostics import TaskDiagnostics
from mtl_core.text import group_digits


class ValueCards(CardRow):
    """Predictions and residuals of the chosen value; hidden for a task without numbers.

    Args:
        name: Begins the names of the widgets.
    """

    def __init__(self, name: str = "evaluate") -> None:
        super().__init__()
        self._task: TaskDiagnostics | None = None
        self.choice = choice_box(f"{name}-value", "Value of the plots")
        self.scatter = XYPlot("true", "predicted", diagonal=True)
        self.scatter.setObjectName(f"{name}-scatter")
        self.scatter.setAccessibleName("Predicted against true")
        self.scatter.set_empty_text("No row has a label.")
        self.histogram = Histogram()
        self.histogram.setObjectName(f"{name}-residuals")
        self.histogram.setAccessibleName("Residuals")
        self.histogram.set_empty_text("No row has a label.")
        self.words = Muted(wrap=True)
        self.words.setObjectName(f"{name}-residual-words")
        self.scatter_card, self.residual_card = Card("Predicted against true"), Card("Residuals")
        self.scatter_card.setObjectName(f"{name}-card-scatter")
        self.scatter_card.header.addWidget(self.choice)
        self.scatter_card.body.addWidget(self.scatter, 1)
        self.residual_card.setObjectName(f"{name}-card-residuals")
        self.residual_card.set_subtitle("predicted minus true")
        self.residual_card.body.addWidget(self.words)
        self.residual_card.body.addWidget(self.histogram, 1)
        self.add(self.scatter_card)
        self.add(self.residual_card)
        self.choice.currentIndexChanged.connect(lambda _index: self._show())

    def show_task(self, task: TaskDiagnostics) -> None:
        """Show another task; a value of the same name stays chosen."""
        self._task = task
        names, name = [value.name for value in task.values], self.choice.currentText()
        self.setVisible(bool(names))
        blocked = self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems(names)
        self.choice.setCurrentIndex(names.index(name) if name in names else 0)
        self.choice.blockSignals(blocked)
        self.choice.setVisible(len(names) > 1)
        self._show()

    def _show(self) -> None:
        index = self.choice.currentIndex()
        if self._task is None or index < 0:
            return
        value = self._task.values[index]
        if not value.rows:
            self.words.setText("")
            self.scatter.set_series(())
            self.histogram.set_bars((), ())
            return
        numbers = [f"{name} {format_number(number)}" for name, number in (("MAE", value.mae), ("RMSE", value.rmse))]
        numbers += [f"mean {format_number(value.bias)}"]
        numbers += [] if math.isnan(value.r2) else [f"R² {value.r2:.3f}"]
        self.words.setText(" · ".join(numbers))
        drawn = len(value.true)
        some = f"{group_digits(drawn)} of {group_digits(value.rows)} rows" if drawn < value.rows else ""
        self.scatter_card.set_subtitle(some)
        true, predicted = np.asarray(value.true), np.asarray(value.predicted)
        low = float(min(true.min(), predicted.min()))
        high = float(max(true.max(), predicted.max()))
        edge = 0.04 * (high - low) or 0.5
        limits = (low - edge, high + edge)
        self.scatter.set_series((XYSeries(true, predicted, color="accent", is_line=False),), limits, limits)
        self.histogram.set_counts(value.edges, value.residual_counts, color="accent")
