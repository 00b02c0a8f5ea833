"""The Training page."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.forms import KindForm, bind
from app.pages.training.run_cards import LengthCard, RunCard, StoppingCard
from app.pages.training.schedule_card import ScheduleCard
from app.pages.training.study_card import StudyCard
from app.pages.training.tasks_card import TasksCard
from app.pages.training.weights_card import WeightingCard, WeightsCard
from app.session import Session
from app.theme import CARD_GAP
from app.widgets import Card, CardRow, Chip, PageBody
from mtl_core.spec import Optimizer, members

_PARTS = ("tasks", "weighting", "training")


class OptimizerCard(Card):
    """The optimiser and its parameters."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Optimiser", parent=parent)
        self.setObjectName("optimizer")
        self.form = KindForm(members(Optimizer), "training.optimizer")
        bind(self.form, session.document)
        self.body.addWidget(self.form)
        self.body.addStretch(1)


class TrainingPage(QWidget):
    """Everything between the model and the run; all of it made from the spec classes.

    Args:
        session: What the pages share.
        parent: Owner.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("TrainingPage")
        self.setAccessibleName("Training")
        self._session = session
        document = session.document
        self.problems = Chip("", "error")
        self.problems.setObjectName("training-problems")
        self.weights, self.weighting = WeightsCard(document), WeightingCard(document)
        self.tasks = TasksCard(document)
        self.optimizer, self.schedule = OptimizerCard(session), ScheduleCard(session)
        self.length, self.stopping, self.run = LengthCard(session), StoppingCard(session), RunCard(session)
        self.study = StudyCard(session)
        body = PageBody("Training", scroll=True)
        body.header.add_chip(self.problems)
        row = CardRow()
        row.add(_column(self.weights, self.weighting, self.run))
        row.add(_column(self.optimizer, self.schedule))
        row.add(_column(self.length, self.stopping, self.study, self.tasks))
        body.body.addWidget(row, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(body)
        document.problemsChanged.connect(self._count)
        self._count()

    def _count(self) -> None:
        problems = [p for part in _PARTS for p in self._session.document.problems_at(part)]
        self.problems.setVisible(bool(problems))
        self.problems.set_text(f"{len(problems)} problem{'' if len(problems) == 1 else 's'}")
        self.problems.setToolTip("\n".join(map(str, problems)))


def _column(*cards: QWidget) -> QWidget:
    """Cards one under the other; the last takes what room is left."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(CARD_GAP)
    for card in cards:
        column.addWidget(card, 1 if card is cards[-1] else 0)
    return holder
