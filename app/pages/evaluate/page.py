"""The Evaluate page: diagnostics of the predictions of one run on one split, task by task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.evaluation.class_cards import ClassCards
from app.evaluation.confusion_card import ConfusionCard
from app.evaluation.value_cards import ValueCards
from app.formatting import format_metric, format_quantity
from app.navigation import Page
from app.pages.evaluate.cards.hardest_card import HardestCard
from app.pages.evaluate.cards.row_cards import CommonErrorsCard, GroupCard
from app.pages.evaluate.explain.panel import EvaluateViews, ExplainPanel
from app.pages.evaluate.review import Review
from app.tables import RunPicker
from app.theme import CARD_GAP, PAGE_MARGIN
from app.widgets import (
    Chip,
    EmptyState,
    Muted,
    PageHeader,
    TaskTabs,
    choice_box,
    scroll_area,
)
from mtl_core.protocol.diagnostics import HARDEST
from mtl_core.protocol.questions import DiagnosticsQuestion
from mtl_core.protocol.series_key import SPLITS, SplitName
from mtl_core.text import group_digits

if TYPE_CHECKING:
    from app.session import Session
    from mtl_core.protocol.diagnostics import Diagnostics
    from mtl_core.store import RunRecord, RunStore

_KEY = "evaluate"
"""Of the question to the worker."""
_SPLIT_TITLES = {"train": "Training rows", "val": "Validation rows", "test": "Test rows"}
_DEFAULT_SPLIT = "test"
_NO_GROUPS = "No groups"


@dataclass(frozen=True)
class _Request:
    """What is shown: a run as it was when it was asked for, a split, a task, a column of groups and how many rows."""

    run: RunRecord
    split: SplitName
    task: str
    group: str
    hardest: int

    @property
    def content(self) -> tuple[int, float | None, SplitName]:
        """The run as it ended, and the split: other tasks and groups of it replace what is shown without a message."""
        return self.run.id, self.run.finished, self.split


class EvaluatePage(QWidget):
    """Asks the worker for the diagnostics of a chosen run, split, task and column of groups, and shows them."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("EvaluatePage")
        self._session = session
        self._run: RunRecord | None = None
        self._asked: _Request | None = None
        self._shown: _Request | None = None
        self._hardest = HARDEST
        self.picker = RunPicker(session.store, "evaluate")
        self.state = Chip(tone="muted")
        self.split = choice_box("evaluate-split", "Rows")
        self.group = choice_box("evaluate-group", "Column of groups")
        self.tabs = TaskTabs("evaluate-task")
        self.words = Muted(wrap=True)
        self.words.setObjectName("evaluate-words")
        self.confusion, self.classes, self.values = ConfusionCard(), ClassCards(), ValueCards()
        self.review = Review(session, self)
        self.groups, self.hardest, self.common = GroupCard(), HardestCard(self.review), CommonErrorsCard()
        self.explanation = ExplainPanel(session)
        self._empty = EmptyState(
            "target",
            "No run yet",
            "Confusion, curves, residuals and the hardest rows of a run are shown here.",
            "Open Training",
            lambda: session.open_page(Page.TRAINING),
        )
        self._loading = EmptyState("hourglass", "")
        self._error = EmptyState("warning-circle", "", "", "Try again", self._ask_again)
        self._blank, self._content = QWidget(), QWidget()
        self._faces = QStackedWidget()
        self._build()
        self._connect()

    @property
    def run(self) -> int | None:
        """The run shown."""
        return None if self._run is None else self._run.id

    @property
    def is_up_to_date(self) -> bool:
        """Whether what is shown is what was chosen."""
        return self._shown is not None and self._shown == self._asked

    def show_run(self, run: int) -> None:
        """Read a run and show its diagnostics."""
        self._session.store.call(lambda store: store.run(run), self._on_record, self._on_read_error)

    # -- building --

    def _build(self) -> None:
        self._empty.setObjectName("evaluate-empty")
        self._loading.setObjectName("evaluate-loading")
        self._error.setObjectName("evaluate-error")
        self.split.addItems([_SPLIT_TITLES[name] for name in SPLITS])
        self.split.setCurrentIndex(SPLITS.index(_DEFAULT_SPLIT))
        self.group.addItem(_NO_GROUPS)
        header = PageHeader("Evaluate")
        header.add_chip(self.picker)
        header.add_chip(self.state)
        for widget in (self.split, self.group):
            header.add_action(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN)
        column.setSpacing(CARD_GAP)
        column.addWidget(header)
        column.addWidget(self._faces, 1)
        for face in (self._blank, self._empty, self._loading, self._error, self._content):
            self._faces.addWidget(face)
        cards = QVBoxLayout()
        cards.setContentsMargins(0, 0, 0, 0)
        cards.setSpacing(CARD_GAP)
        content = QVBoxLayout(self._content)
        content.setContentsMargins(0, 0, 0, 0)
        content.setSpacing(CARD_GAP)
        content.addWidget(self.tabs)
        content.addWidget(self.words)
        self.views = EvaluateViews(scroll_area(cards), self.explanation, self._content)
        self.views.explain_rows_of(self.hardest.table)
        content.addWidget(self.views, 1)
        for card in (self.confusion, self.classes, self.values, self.groups, self.hardest, self.common):
            cards.addWidget(card)
        cards.addStretch(1)
        self.state.hide()

    def _connect(self) -> None:
        self.picker.runPicked.connect(self._session.evaluate)
        self._session.evaluatedRunChanged.connect(self.show_run)
        self.split.activated.connect(lambda _index: self._ask())
        self.group.activated.connect(lambda _index: self._ask())
        self.tabs.currentChanged.connect(lambda _index: self._ask())
        self.hardest.moreRequested.connect(self._ask_rows)

    # -- the run --

    def _on_newest_run(self, record: RunRecord | None) -> None:
        if self._run is not None:
            return
        if record is None:
            self._faces.setCurrentWidget(self._empty)
        else:
            self._on_record(record)

    def _on_record(self, record: RunRecord) -> None:
        """Show a run; the same one again only if it has trained since."""
        previous, self._run = self._run, record
        self.review.show_run(record.id)
        if previous is not None and (previous.id, previous.finished) == (record.id, record.finished) and self._asked:
            return
        if previous is None or previous.id != record.id:
            self._hardest = HARDEST
            self._set_groups((), "")
        self.picker.set_text(f"Run {record.id}", record.name)
        blocked = self.tabs.blockSignals(True)
        self.tabs.set_names(record.tasks)
        self.tabs.blockSignals(blocked)
        self._ask()

    def _on_read_error(self, error: Exception) -> None:
        self._show_error("The run cannot be read", error)

    # -- the question --

    def _ask(self) -> None:
        record = self._run
        if record is None:
            return
        group = self.group.currentText() if self.group.currentIndex() > 0 else ""
        task = record.tasks[max(self.tabs.currentIndex(), 0)]
        request = _Request(record, SPLITS[self.split.currentIndex()], task, group, self._hardest)
        self._asked = request
        if self._shown is None or self._shown.content != request.content:
            rows = _SPLIT_TITLES[request.split].lower()
            self._loading.title.setText(f"Evaluating run {record.id} on its {rows}…")
            self._loading.text.setText("Predictions are computed once and kept beside the checkpoints of the run.")
            self._faces.setCurrentWidget(self._loading)
        else:
            self.state.set_text("Computing…")
            self.state.show()
        question = DiagnosticsQuestion(
            store=self._session.store.url,
            run=record.id,
            split=request.split,
            task=task,
            group=group,
            hardest=request.hardest,
        )
        self._session.worker.ask(
            question,
            lambda answer: self._on_answer(request, answer),
            lambda error: self._on_error(request, error),
            key=_KEY,
        )

    def _ask_rows(self, count: int) -> None:
        """Ask for more rows of highest loss."""
        self._hardest = count
        self._ask()

    def _ask_again(self) -> None:
        if self._run is not None:
            self._ask()
        else:
            self._choose_newest()

    def _choose_newest(self) -> None:
        self._session.store.call(_newest_ended, self._on_newest_run, self._on_read_error)

    def _on_answer(self, request: _Request, answer: Diagnostics) -> None:
        if request != self._asked:
            return
        self._shown = request
        self.state.hide()
        self._set_groups(answer.group_columns, answer.group)
        (task,) = answer.tasks
        errors = f"{format_quantity(task.errors, 'error')}: {task.error_rule}"
        loss = f"mean loss {format_metric(task.loss)}"
        labeled = f"{format_quantity(task.labeled, 'labeled row')} of {group_digits(answer.rows)}"
        self.words.setText(f"{labeled} · {loss} · {errors}." if task.labeled else "No row has a label of this task.")
        for card in (self.confusion, self.classes, self.values):
            card.show_task(task)
        self.groups.show_task(task, answer.group)
        self.hardest.show_task(task, answer.values)
        self.common.show_errors(answer.common)
        row = task.hardest[0].row if task.hardest else 0
        self.explanation.show_request(request.run, request.split, request.task, row)
        self._faces.setCurrentWidget(self._content)

    def _on_error(self, request: _Request, error: Exception) -> None:
        if request == self._asked:
            self._show_error(f"Run {request.run.id} cannot be evaluated", error)

    def _show_error(self, title: str, error: Exception) -> None:
        self._shown = None
        self.state.hide()
        self._error.title.setText(title)
        self._error.text.setText(str(error))
        self._faces.setCurrentWidget(self._error)

    def _set_groups(self, columns: tuple[str, ...], group: str) -> None:
        names = [_NO_GROUPS, *columns]
        if names != [self.group.itemText(index) for index in range(self.group.count())]:
            self.group.clear()
            self.group.addItems(names)
        self.group.setCurrentIndex(names.index(group) if group in columns else 0)

    # -- Qt --

    def showEvent(self, event: QShowEvent) -> None:
        """Show the newest run, or the chosen one again if it has trained since."""
        super().showEvent(event)
        run = self._session.evaluated_run or self.run
        if run is None:
            self._choose_newest()
        else:
            self.show_run(run)


def _newest_ended(store: RunStore) -> RunRecord | None:
    """The newest run that has ended, else the newest one."""
    runs = store.runs()
    return next((run for run in runs if run.has_ended), runs[0] if runs else None)
