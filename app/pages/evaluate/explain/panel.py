"""The explanation of a run on the Evaluate page: what its model uses, and one of its predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QTableView, QVBoxLayout, QWidget

from app.pages.evaluate.explain.dependence_card import DependenceCard
from app.pages.evaluate.explain.model_cards import FeaturesCard, ImportanceCard
from app.pages.evaluate.explain.question_status import QuestionStatus
from app.pages.evaluate.explain.row_card import RowCard
from app.theme import CARD_GAP, GAP
from app.widgets import Button, Card, CardRow, Muted, scroll_area
from mtl_core.protocol.explanation import ModelExplanation
from mtl_core.protocol.questions import ModelExplanationQuestion
from mtl_core.protocol.series_key import SplitName

if TYPE_CHECKING:
    from app.session import Session
    from mtl_core.store import RunRecord

_INTRO = (
    "Which columns and inputs the model needs, measured by shuffling each among the rows, and which shared features "
    "each task uses."
)
_VIEWS = ("Diagnostics", "Explanation")
_ROW_HEADER = "row"


class ExplainPanel(QWidget):
    """The cards of an explanation; the model is explained when it is asked for, since it takes many predictions.

    Args:
        session: What the pages share.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("ExplainPanel")
        self._session = session
        self._run: RunRecord | None = None
        self._split: SplitName = "test"
        self._task = ""
        self._answer: ModelExplanation | None = None
        self.button = Button("Explain the model", self.ask, name="explain-model-button")
        self.status = QuestionStatus(session.worker, "explain-model")
        self.importance, self.features = ImportanceCard(), FeaturesCard()
        self.dependence, self.row = DependenceCard(session), RowCard(session)
        self.model_card = Card("The model")
        self.model_card.setObjectName("explain-card-model")
        line = QHBoxLayout()
        line.setSpacing(GAP)
        line.addWidget(Muted(_INTRO, wrap=True), 1)
        line.addWidget(self.button)
        self.model_card.body.addLayout(line)
        self.model_card.body.addWidget(self.status)
        self._model_row = CardRow()
        self._model_row.add(self.importance)
        self._model_row.add(self.features)
        cards = QVBoxLayout()
        cards.setContentsMargins(0, 0, 0, 0)
        cards.setSpacing(CARD_GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll_area(cards))
        for card in (self.row, self.model_card, self._model_row, self.dependence):
            cards.addWidget(card)
        cards.addStretch(1)
        self.status.busyChanged.connect(self.button.setDisabled)
        self._show()

    @property
    def answer(self) -> ModelExplanation | None:
        """What the model uses, once it was asked for."""
        return self._answer

    def show_request(self, run: RunRecord, split: SplitName, task: str, hardest_row: int) -> None:
        """Choose run, split and task; an explanation of others is removed.

        Args:
            run: The run.
            split: The rows.
            task: The task.
            hardest_row: The row that is suggested; 0 for none.
        """
        previous = None if self._run is None else (self._run.id, self._run.finished, self._split)
        task_changed, self._task = task != self._task, task
        self._run, self._split = run, split
        if previous != (run.id, run.finished, split):
            self._answer = None
            self.status.clear()
            self._show()
        elif task_changed:
            self._show()
        self.row.set_request(run.id, split, task, hardest_row)

    def ask(self) -> None:
        """Explain the model."""
        if self._run is None:
            return
        question = ModelExplanationQuestion(store=self._session.store.url, run=self._run.id, split=self._split)
        self.status.ask(question, self._on_answer, "Explaining the model")

    def _on_answer(self, answer: ModelExplanation) -> None:
        self._answer = answer
        self._show()

    def _show(self) -> None:
        """Show the explanation of the model for the task."""
        answer = self._answer
        task = None if answer is None else next((each for each in answer.importance if each.task == self._task), None)
        self._model_row.setVisible(task is not None)
        if answer is None or task is None or self._run is None:
            self.dependence.hide()
            self.dependence.status.clear()
            return
        self.importance.show_task(answer, task)
        self.features.show_use(answer.features)
        first = next((part.name for part in task.parts if part.name in answer.columns), "")
        self.dependence.show_columns(self._run.id, self._split, self._task, list(answer.columns), first)


class EvaluateViews(QWidget):
    """Tabs with the diagnostics of a run and its explanation.

    Args:
        diagnostics: The diagnostics.
        explanation: The explanation.
        parent: Owner.
    """

    def __init__(self, diagnostics: QWidget, explanation: ExplainPanel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._explanation = explanation
        self.bar, self._stack = QTabBar(), QStackedWidget()
        self.bar.setObjectName("evaluate-views")
        self.bar.setAccessibleName("Diagnostics or explanation")
        self.bar.setExpanding(False)
        self.bar.setDrawBase(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(CARD_GAP)
        column.addWidget(self.bar)
        column.addWidget(self._stack, 1)
        for title, widget in zip(_VIEWS, (diagnostics, explanation), strict=True):
            self.bar.addTab(title)
            self._stack.addWidget(widget)
        self.bar.currentChanged.connect(self._stack.setCurrentIndex)

    def explain_rows_of(self, table: QTableView) -> None:
        """Let a double click on a row of a table of rows explain its prediction."""
        table.doubleClicked.connect(lambda index: self._explain(table, index))

    def _explain(self, table: QTableView, index: QModelIndex) -> None:
        model = table.model()
        headers = [model.headerData(column, Qt.Orientation.Horizontal) for column in range(model.columnCount())]
        if _ROW_HEADER in headers:
            text = str(model.index(index.row(), headers.index(_ROW_HEADER)).data())
            self.bar.setCurrentIndex(1)
            self._explanation.row.explain(int(text))
