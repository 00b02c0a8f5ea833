"""The card of partial dependence: the prediction of a task over the values of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QComboBox, QHBoxLayout

from app.formatting import format_metric, format_quantity
from app.pages.evaluate.explain.question_status import QuestionStatus
from app.plots import SignedBar, SignedBars, XYPlot, XYSeries
from app.theme import GAP
from app.widgets import Card, Muted, guard_wheel
from mtl_core.protocol.explanation import Dependence
from mtl_core.protocol.questions import DependenceQuestion
from mtl_core.protocol.series_key import SplitName

if TYPE_CHECKING:
    from app.session import Session


class DependenceCard(Card):
    """Asks for the dependence on the chosen column, and shows it as a line, or as bars of a category.

    Args:
        session: What the pages share.
    """

    def __init__(self, session: Session) -> None:
        super().__init__("Partial dependence")
        self.setObjectName("explain-card-dependence")
        self._session = session
        self._run, self._task = 0, ""
        self._split: SplitName = "test"
        self.column, self.output = QComboBox(), QComboBox()
        for choice, name, title in (
            (self.column, "explain-column", "Column of the dependence"),
            (self.output, "explain-dependence-output", "Class or value of the dependence"),
        ):
            choice.setObjectName(name)
            choice.setAccessibleName(title)
            guard_wheel(choice)
            choice.activated.connect(lambda _index, choice=choice: self._ask(keep_output=choice is self.output))
        self.status = QuestionStatus(session.worker, "explain-dependence")
        self.words = Muted(wrap=True)
        self.plot = XYPlot("", "prediction")
        self.plot.setObjectName("explain-dependence-plot")
        self.plot.setAccessibleName("Prediction over the values of the column")
        self.bars = SignedBars()
        self.bars.setObjectName("explain-dependence-bars")
        self.bars.setAccessibleName("Mean prediction for each category")
        line = QHBoxLayout()
        line.setSpacing(GAP)
        for text, choice in (("of", self.output), ("over", self.column)):
            line.addWidget(Muted(text))
            line.addWidget(choice)
        line.addStretch(1)
        self.body.addLayout(line)
        for widget in (self.words, self.status, self.plot, self.bars):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self.plot.hide()
        self.bars.hide()

    def show_columns(self, run: int, split: SplitName, task: str, columns: list[str], most_important: str) -> None:
        """Offer the columns of a run, and show the most important one unless another was chosen before."""
        self._run, self._split, self._task = run, split, task
        chosen = self.column.currentText()
        self.column.clear()
        self.column.addItems(columns)
        name = chosen if chosen in columns else most_important if most_important in columns else ""
        self.column.setCurrentIndex(columns.index(name) if name else 0)
        self.setVisible(bool(columns))
        if columns:
            self._ask(keep_output=False)

    def _ask(self, *, keep_output: bool) -> None:
        column = self.column.currentText()
        question = DependenceQuestion(
            store=self._session.store.url,
            run=self._run,
            split=self._split,
            task=self._task,
            column=column,
            output=self.output.currentText() if keep_output else "",
        )
        self.status.ask(question, self._show, f"Predicting with other values of {column}")

    def _show(self, answer: Dependence) -> None:
        self.output.clear()
        self.output.addItems(list(answer.outputs))
        index = answer.outputs.index(answer.output)
        self.output.setCurrentIndex(index)
        self.set_subtitle(format_quantity(answer.rows, "row"))
        means = answer.means[index]
        self.plot.setVisible(answer.is_number)
        self.bars.setVisible(not answer.is_number)
        if not answer.is_number:
            self.words.setText("The mean prediction if all rows had this category.")
            pairs = zip(answer.labels, means, strict=True)
            self.bars.set_bars([SignedBar(label, value, format_metric(value)) for label, value in pairs])
            return
        self.words.setText("The mean prediction if all rows had this value, and thin the predictions of single rows.")
        x = np.asarray(answer.values)
        lines = [XYSeries(x, np.asarray(line), color="border") for line in answer.lines]
        points = zip(answer.labels, means, strict=True)
        labels = tuple(f"{answer.column} {label}: {format_metric(value)}" for label, value in points)
        mean = XYSeries(x, np.asarray(means), color="accent", has_dots=True, labels=labels)
        self.plot.set_titles(answer.column, answer.output)
        self.plot.set_series((*lines, mean), _limits(x), _limits(np.array([*answer.lines, means])))


def _limits(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    edge = 0.04 * (high - low) or 0.5
    return low - edge, high + edge
