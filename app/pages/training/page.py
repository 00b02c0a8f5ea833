"""The Training page."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from app.formatting import format_quantity
from app.pages.training.kind_cards import AveragingCard, HeadsCard, KeepingCard, OptimizerCard, SamplingCard, SharedCard
from app.pages.training.run_cards import LengthCard, RunCard, StoppingCard
from app.pages.training.schedule_card import ScheduleCard
from app.pages.training.start_study_card import StudyCard
from app.pages.training.task_settings_card import TasksCard
from app.pages.training.weighting_cards import WeightingCard, WeightsCard
from app.session import Session
from app.theme import CARD_GAP, STACK_BELOW
from app.widgets import Button, CardRow, Chip, PageBody, plain_tooltip

_PARTS = ("tasks", "weighting", "training")


class TrainingPage(QWidget):
    """The cards of all training settings, generated from the spec classes.

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
        self.to_study = Button("Study…", self._show_study, name="to-study")
        self.to_study.setToolTip("Several seeds and single-task baselines, evaluated as one study")
        body = PageBody("Training", scroll=True, parent=self)
        body.header.add_chip(self.problems)
        body.header.add_action(self.to_study)
        row = CardRow()
        body.body.addWidget(row, 1)
        _add_column(row, self.weighting, self.weights, self.tasks)
        _add_column(row, self.optimizer, self.schedule, self.shared, self.keeping, self.heads)
        # The study stands under Run, which it is another way of; with cards one under the other a link leads there.
        _add_column(row, self.study, self.length, self.stopping, self.run, self.sampling, self.averaging)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(body)
        document.problemsChanged.connect(self._count)
        self._count()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Offer the way to the study where its card is not at the top."""
        super().resizeEvent(event)
        self.to_study.setVisible(self.window().width() < STACK_BELOW)

    def _show_study(self) -> None:
        """Scroll to the study and put the cursor into its seeds."""
        parent = self.study.parentWidget()
        while parent is not None and not isinstance(parent, QScrollArea):
            parent = parent.parentWidget()
        if parent is not None:
            parent.ensureWidgetVisible(self.study)
        self.study.seeds.setFocus(Qt.FocusReason.OtherFocusReason)

    def _count(self) -> None:
        problems = [p for part in _PARTS for p in self._session.document.problems_at(part)]
        self.problems.setVisible(bool(problems))
        self.problems.set_text(format_quantity(len(problems), "problem"))
        self.problems.setToolTip(plain_tooltip("\n".join(map(str, problems))))


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
