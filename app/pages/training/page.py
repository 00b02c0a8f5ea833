"""The Training page: a card for each part of the training settings."""

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from app.formatting import format_quantity
from app.pages.training.best_method_card import BestMethodCard
from app.pages.training.kind_cards import AveragingCard, HeadsCard, KeepingCard, OptimizerCard, SamplingCard, SharedCard
from app.pages.training.run_cards import LengthCard, RunCard, StoppingCard
from app.pages.training.schedule_card import ScheduleCard
from app.pages.training.start_study_card import StartStudyCard
from app.pages.training.task_settings_card import TaskSettingsCard
from app.pages.training.weighting_cards import WeightingCard, WeightsCard
from app.session import Session
from app.theme import CARD_GAP, STACK_BELOW
from app.widgets import Button, CardRow, Chip, PageBody, Stepwise, plain_tooltip

_SECTIONS = ("tasks", "weighting", "training")


class TrainingPage(Stepwise, QWidget):
    """Shows the cards of all training settings, whose forms are generated from the spec classes.

    Args:
        session: What the pages share.
        parent: Owner.
        stepwise: Whether the caller takes the steps of building it.
    """

    def __init__(self, session: Session, parent: QWidget | None = None, *, stepwise: bool = False) -> None:
        super().__init__(parent)
        self.setObjectName("TrainingPage")
        self.setAccessibleName("Training")
        self._session = session
        self.begin(stepwise=stepwise)

    def _build(self) -> Iterator[None]:
        session, document = self._session, self._session.document
        self.problems = Chip("", "error")
        self.problems.setObjectName("training-problems")
        self.to_study = Button("Study…", self._show_study, name="to-study")
        self.to_study.setToolTip("Several seeds and single-task baselines, evaluated as one study")
        body = PageBody("Training", scroll=True, parent=self)
        body.header.add_chip(self.problems)
        body.header.add_action(self.to_study)
        row = CardRow()
        body.body.addWidget(row, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(body)
        self.weights, self.weighting = WeightsCard(document), WeightingCard(document)
        self.tasks = TaskSettingsCard(document)
        _add_column(row, self.weighting, self.weights, self.tasks)
        yield
        self.optimizer, self.schedule = OptimizerCard(session), ScheduleCard(session)
        self.shared, self.keeping, self.heads = SharedCard(session), KeepingCard(session), HeadsCard(session)
        _add_column(row, self.optimizer, self.schedule, self.shared, self.keeping, self.heads)
        yield
        self.length, self.sampling, self.stopping = LengthCard(session), SamplingCard(session), StoppingCard(session)
        self.averaging, self.run = AveragingCard(session), RunCard(session)
        self.study, self.best = StartStudyCard(session), BestMethodCard(session)
        # The study is at the top of the column below the Run button; with cards one below the other a link leads there.
        _add_column(row, self.study, self.best, self.length, self.stopping, self.run, self.sampling, self.averaging)
        session.methodChoiceRequested.connect(self._show_methods)
        document.problemsChanged.connect(self._count_problems)
        self._count_problems()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the link to the study where its card is not at the top."""
        super().resizeEvent(event)
        self.to_study.setVisible(self.window().width() < STACK_BELOW)

    def _show_study(self) -> None:
        """Scroll to the card of the study and focus its seeds."""
        _scroll_to(self.study)
        self.study.seeds.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_methods(self) -> None:
        """Scroll to the card that compares methods, and focus their choice."""
        _scroll_to(self.best)
        self.best.focus_methods()

    def _count_problems(self) -> None:
        problems = [p for section in _SECTIONS for p in self._session.document.problems_at(section)]
        self.problems.setVisible(bool(problems))
        self.problems.set_text(format_quantity(len(problems), "problem"))
        self.problems.setToolTip(plain_tooltip("\n".join(map(str, problems))))


def _scroll_to(card: QWidget) -> None:
    parent = card.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    if parent is not None:
        parent.ensureWidgetVisible(card)


def _add_column(row: CardRow, *cards: QWidget) -> None:
    """Add a column of cards to ``row``; the last card takes the remaining height.

    The column is added before its cards: reparenting them with it would style all their fields once more.
    """
    container = QWidget()
    column = QVBoxLayout(container)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(CARD_GAP)
    row.add(container)
    for card in cards:
        column.addWidget(card, 1 if card is cards[-1] else 0)
