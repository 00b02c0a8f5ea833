"""The Training page."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.pages.training.part_cards import AveragingCard, HeadsCard, KeepingCard, OptimizerCard, SamplingCard, SharedCard
from app.pages.training.run_cards import LengthCard, RunCard, StoppingCard
from app.pages.training.schedule_card import ScheduleCard
from app.pages.training.study_card import StudyCard
from app.pages.training.tasks_card import TasksCard
from app.pages.training.weights_card import WeightingCard, WeightsCard
from app.session import Session
from app.theme import CARD_GAP
from app.widgets import CardRow, Chip, PageBody, plain_tip

_PARTS = ("tasks", "weighting", "training")


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
        self.shared, self.keeping, self.heads = SharedCard(session), KeepingCard(session), HeadsCard(session)
        self.length, self.sampling, self.stopping = LengthCard(session), SamplingCard(session), StoppingCard(session)
        self.averaging, self.run, self.study = AveragingCard(session), RunCard(session), StudyCard(session)
        body = PageBody("Training", scroll=True, parent=self)
        body.header.add_chip(self.problems)
        row = CardRow()
        body.body.addWidget(row, 1)
        _add_column(row, self.weights, self.weighting, self.tasks)
        _add_column(row, self.optimizer, self.schedule, self.shared, self.keeping, self.heads)
        _add_column(row, self.length, self.sampling, self.stopping, self.averaging, self.run, self.study)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(body)
        document.problemsChanged.connect(self._count)
        self._count()

    def _count(self) -> None:
        problems = [p for part in _PARTS for p in self._session.document.problems_at(part)]
        self.problems.setVisible(bool(problems))
        self.problems.set_text(f"{len(problems)} problem{'' if len(problems) == 1 else 's'}")
        self.problems.setToolTip(plain_tip("\n".join(map(str, problems))))


def _add_column(row: CardRow, *cards: QWidget) -> None:
    """Cards one under the other; the last takes what room is left.

    The column stands in its row before it gets them: moving them with it would style all their fields once more.
    """
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(CARD_GAP)
    row.add(holder)
    for card in cards:
        column.addWidget(card, 1 if card is cards[-1] else 0)
