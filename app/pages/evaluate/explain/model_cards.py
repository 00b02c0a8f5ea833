"""The cards of what a model uses: importance of columns and inputs, and shared features of tasks."""

from __future__ import annotations

import math

from app.formatting import format_metric, format_quantity
from app.plots import MatrixPlot, SignedBar, SignedBars, ValueMap
from app.widgets import Card, Muted
from mtl_core.protocol.explanation import FeatureUse, ModelExplanation, TaskImportance

_MOST_BARS = 20


class ImportanceCard(Card):
    """How much worse a task becomes when a column or an input is shuffled."""

    def __init__(self) -> None:
        super().__init__("Importance of columns and inputs")
        self.setObjectName("explain-card-importance")
        self.words = Muted(wrap=True)
        self.bars = SignedBars()
        self.bars.setObjectName("explain-importance")
        self.bars.setAccessibleName("Importance of columns and inputs")
        self.more = Muted()
        for widget in (self.words, self.bars, self.more):
            self.body.addWidget(widget)
        self.body.addStretch(1)

    def show_task(self, answer: ModelExplanation, task: TaskImportance) -> None:
        """Show the importance for one task."""
        self.set_subtitle(f"{format_quantity(answer.rows, 'row')}, {format_quantity(answer.repeats, 'shuffle')}")
        shown = task.parts[:_MOST_BARS]
        self.bars.setVisible(bool(shown))
        self.bars.set_bars(
            [SignedBar(part.name, part.mean, _mean_text(part.mean, part.std), part.std) for part in shown]
        )
        rest = len(task.parts) - len(shown)
        self.more.setText(f"{rest} of less importance are not shown." if rest else "")
        self.more.setVisible(bool(rest))
        if math.isnan(task.base):
            self.words.setText("No row has a label of this task.")
        else:
            text = f"How much the loss, {format_metric(task.base)}, rises when one of them is shuffled among the rows."
            self.words.setText(text)


class FeaturesCard(Card):
    """Which features of the shared layers each task uses; hidden for a single task."""

    def __init__(self) -> None:
        super().__init__("Shared features that tasks use")
        self.setObjectName("explain-card-features")
        self.words = Muted(wrap=True)
        self.map = ValueMap("uses feature")
        self.map.setObjectName("explain-features")
        self.map.setAccessibleName("Shared features that tasks use")
        self.overlap_title = Muted("Overlap of what two tasks use (cosine)")
        self.overlap = MatrixPlot()
        self.overlap.setObjectName("explain-overlap")
        self.overlap.setAccessibleName("Overlap of what two tasks use")
        for widget in (self.words, self.map, self.overlap_title, self.overlap):
            self.body.addWidget(widget)
        self.body.addStretch(1)

    def show_use(self, use: FeatureUse) -> None:
        """Show the features of a model."""
        self.setVisible(len(use.tasks) > 1)
        is_empty = not any(map(any, use.shares))
        for widget in (self.map, self.overlap_title, self.overlap):
            widget.setVisible(not is_empty)
        self.words.setText(_feature_words(use, is_empty=is_empty))
        self.map.set_values(use.tasks, use.features, use.shares)
        self.overlap.set_values(use.tasks, use.overlap)


def _feature_words(use: FeatureUse, *, is_empty: bool) -> str:
    if is_empty:
        return "The tasks share only the tokens of a text; each has layers of its own."
    if use.are_inputs:
        return "The tasks share only the inputs, which are the features here; each has layers of its own."
    text = "The stronger the color of a cell, the more the outputs of the task depend on the feature."
    if use.are_separate:
        text += " Each task reads features of its own."
    if use.omitted:
        text += f" {use.omitted} features that are used less are not shown."
    return text


def _mean_text(mean: float, std: float) -> str:
    if not mean and not std:
        return "0"
    return f"{format_metric(mean)} ± {format_metric(std)}"
