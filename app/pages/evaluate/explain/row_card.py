"""The card of one prediction: what the columns, words and pixels of a row contributed, and attention maps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.formatting import format_metric
from app.pages.evaluate.explain.input_attribution import InputAttributionView
from app.pages.evaluate.explain.question_status import QuestionStatus
from app.plots import ValueMap
from app.theme import GAP
from app.widgets import Button, Card, Muted, NumberField, NumberRange, choice_box
from mtl_core.protocol.attribution_methods import CAPTUM_METHODS, OWN_METHODS, AttributionMethod
from mtl_core.protocol.explanation import RowExplanation
from mtl_core.protocol.questions import RowExplanationQuestion
from mtl_core.protocol.series_key import SplitName

if TYPE_CHECKING:
    from app.session import Session

_METHODS: dict[AttributionMethod, str] = {
    "integrated_gradients": "Integrated gradients",
    "occlusion": "Occlusion",
    "saliency": "Saliency (captum)",
    "input_x_gradient": "Input × gradient (captum)",
    "shapley_sampling": "Shapley sampling (captum)",
}
_NOT_ADDITIVE = {
    "occlusion": "Each part shows how much less it would be without this part.",
    "saliency": "Each part shows how strongly it changes with this part, in either direction.",
    "input_x_gradient": "Each part shows its value times how strongly it changes with this part.",
}
_PREDICTED = "Predicted"
_MEAN_OF_HEADS = "Mean of heads"
_ROW_DIGITS = 12


class RowCard(Card):
    """Asks why a model predicts what it does for a row, and shows the answer.

    Args:
        session: What the pages share.
    """

    def __init__(self, session: Session) -> None:
        super().__init__("One prediction")
        self.setObjectName("explain-card-row")
        self._session = session
        self._run, self._task = 0, ""
        self._split: SplitName = "test"
        self._suggested = 0
        self._answer: RowExplanation | None = None
        self._views: list[InputAttributionView] = []
        self.row = NumberField(NumberRange(integer=True, low=1, high=10**9))
        self.row.setObjectName("explain-row")
        self.row.setAccessibleName("Row of the data")
        self.row.setFixedWidth(self.row.fontMetrics().horizontalAdvance("0") * _ROW_DIGITS)
        self.output = choice_box("explain-output", "Class or value to explain")
        self.output.addItem(_PREDICTED)
        self.method = choice_box("explain-method", "Method")
        self.method.addItems([_METHODS[name] for name in (*OWN_METHODS, *CAPTUM_METHODS)])
        self.method.insertSeparator(len(OWN_METHODS))
        self.button = Button("Explain row", self.ask, name="explain-row-button")
        self.status = QuestionStatus(session.worker, "explain-row-question")
        self.words = Muted(wrap=True)
        self.words.setObjectName("explain-row-words")
        self.layer = choice_box("explain-layer", "Attention layer")
        self.head = choice_box("explain-head", "Attention head")
        self.attention = ValueMap("attends to")
        self.attention.setObjectName("explain-attention")
        self.attention.setAccessibleName("Attention weights")
        self.attention_box = QWidget()
        self._inputs = QVBoxLayout()
        self._inputs.setSpacing(GAP)
        self._build()
        self.status.busyChanged.connect(self.button.setDisabled)
        self.layer.activated.connect(lambda _index: self._show_layer())
        self.head.activated.connect(lambda _index: self.ask())

    @property
    def answer(self) -> RowExplanation | None:
        """The explanation shown."""
        return self._answer

    @property
    def views(self) -> list[InputAttributionView]:
        """The inputs shown."""
        return self._views

    def set_request(self, run: int, split: SplitName, task: str, row: int) -> None:
        """Choose run, split and task; what is shown of others is removed.

        Args:
            run: The run.
            split: Where the row is looked for first.
            task: The task.
            row: The row that is suggested until another one is chosen; 0 for none.
        """
        if (run, task) == (self._run, self._task):
            self._split = split
            return
        if row and (run != self._run or self.row.value() == self._suggested):
            self.row.setValue(row)
            self._suggested = row
        self._run, self._split, self._task = run, split, task
        self.status.clear()
        self._clear()
        self.output.clear()
        self.output.addItem(_PREDICTED)
        self.words.setText("Choose a row by its number, or double-click one of the rows of highest loss.")

    def explain(self, row: int) -> None:
        """Explain a row."""
        self.row.setValue(row)
        self.ask()

    def ask(self) -> None:
        """Ask for the explanation of the chosen row."""
        output = self.output.currentText() if self.output.currentIndex() > 0 else ""
        question = RowExplanationQuestion(
            store=self._session.store.url,
            run=self._run,
            split=self._split,
            row=self.row.value(),
            task=self._task,
            output=output,
            method=next(name for name, title in _METHODS.items() if title == self.method.currentText()),
            head=max(self.head.currentIndex(), 0),
        )
        self.status.ask(question, self._show, f"Explaining row {self.row.value()}")

    def _build(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(GAP)
        for text, widget in (("Row", self.row), ("class or value", self.output), ("by", self.method)):
            line.addWidget(Muted(text))
            line.addWidget(widget)
        line.addWidget(self.button)
        line.addStretch(1)
        choices = QHBoxLayout()
        choices.setSpacing(GAP)
        for item in (Muted("Attention of"), self.layer, self.head):
            choices.addWidget(item)
        choices.addStretch(1)
        column = QVBoxLayout(self.attention_box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(choices)
        column.addWidget(self.attention)
        self.body.addLayout(line)
        self.body.addWidget(self.status)
        self.body.addWidget(self.words)
        self.body.addLayout(self._inputs)
        self.body.addWidget(self.attention_box)
        self.body.addStretch(1)
        self.attention_box.hide()

    def _clear(self) -> None:
        self._answer = None
        for view in self._views:
            view.hide()
            view.deleteLater()
        self._views = []
        self.attention_box.hide()
        self.set_subtitle("")

    def _show(self, answer: RowExplanation) -> None:
        self._clear()
        self._answer = answer
        chosen = self.output.currentText() if self.output.currentIndex() > 0 else _PREDICTED
        self.output.clear()
        self.output.addItems([_PREDICTED, *answer.outputs])
        self.output.setCurrentIndex(max(self.output.findText(chosen), 0))
        self.set_subtitle(f"row {answer.row}, {answer.split}")
        self.words.setText(_summary(answer))
        for entry in answer.inputs:
            view = InputAttributionView(entry, named=len(answer.inputs) > 1)
            self._views.append(view)
            self._inputs.addWidget(view)
        layers = [each.layer for each in answer.attention]
        self.attention_box.setVisible(bool(layers))
        if not layers:
            return
        layer = self.layer.currentText()
        self.layer.clear()
        self.layer.addItems(layers)
        self.layer.setCurrentIndex(max(self.layer.findText(layer), 0))
        self._show_layer()

    def _show_layer(self) -> None:
        if self._answer is None or self.layer.currentIndex() < 0:
            return
        shown = self._answer.attention[self.layer.currentIndex()]
        heads = [_MEAN_OF_HEADS, *(f"Head {number}" for number in range(1, shown.heads + 1))]
        self.head.clear()
        self.head.addItems(heads)
        self.head.setCurrentIndex(shown.head)
        self.attention.set_values(shown.queries, shown.keys, shown.weights)


def _summary(answer: RowExplanation) -> str:
    """The prediction, what it is compared with, and whether the attributions add up."""
    predicted = answer.predictions[answer.outputs.index(answer.output)]
    text = f"{answer.output}: {format_metric(predicted)}; for the baseline {format_metric(answer.base)}."
    if words := _NOT_ADDITIVE.get(answer.method):
        return f"{text} {words}"
    if math.isnan(answer.gap) or answer.is_complete:
        return f"{text} What the parts contribute adds up to the difference."
    return f"{text} What the parts contribute is off by {format_metric(answer.gap)}: the model changes in jumps."
