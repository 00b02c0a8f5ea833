"""The card of the predictions of two to four runs: confusion, ROC and reliability side by side, and different rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from app.pages.compare.cards.diagnostics_view import DiagnosticsView
from app.pages.compare.views.compared_run import ComparedRun
from app.pages.compare.views.predictions_view import MOST_RUNS, common_tasks, pair_rows, pair_text, shown_runs
from app.tables.text_table import TextTable
from app.theme import GAP
from app.widgets import Button, Card, InlineError, Label, Muted, choice_box
from mtl_core.protocol.questions import DiagnosticsQuestion, DisagreementsQuestion
from mtl_core.protocol.series_key import SPLITS, SplitName

if TYPE_CHECKING:
    from app.session import Session
    from mtl_core.protocol.diagnostics import Diagnostics, Disagreements

_SPLIT_TITLES = {"train": "Training rows", "val": "Validation rows", "test": "Test rows"}
_HINT = "Confusion, ROC and reliability of the runs side by side, and the rows on which the two chosen runs disagree."
_WORDS, _BUSY = "Compare predictions", "Predicting…"


@dataclass(frozen=True)
class _Request:
    """What is asked: the runs as they ended, the chosen two first, their task and split."""

    runs: tuple[tuple[int, float | None], ...]
    task: str
    split: SplitName

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(run for run, _ in self.runs)

    @property
    def pair(self) -> tuple[int, int]:
        return self.runs[0][0], self.runs[1][0]


class PredictionsCard(Card):
    """Asks the worker for the diagnostics of the compared runs on request; hidden while no two share a task.

    Args:
        session: The worker.
        color_of: Gives the hue of a run.
    """

    def __init__(self, session: Session, color_of: Callable[[int], int]) -> None:
        super().__init__("Predictions")
        self.setObjectName("compare-predictions-card")
        self._session = session
        self._entries: tuple[ComparedRun, ...] = ()
        self._asked: _Request | None = None
        self._waiting = 0
        self._answers: dict[int, Diagnostics] = {}
        self._errors: list[str] = []
        self.first = choice_box("compare-predictions-first", "First run of the pair")
        self.second = choice_box("compare-predictions-second", "Second run of the pair")
        self.task = choice_box("compare-predictions-task", "Task")
        self.split = choice_box("compare-predictions-split", "Rows")
        self.split.addItems([_SPLIT_TITLES[name] for name in SPLITS])
        self.split.setCurrentIndex(SPLITS.index("test"))
        self.ask_button = Button(_WORDS, self._ask, name="compare-predictions")
        self.ask_button.setToolTip("Predictions are computed once and kept beside the checkpoints of each run")
        self.words = Muted(_HINT, wrap=True)
        self.words.setObjectName("compare-predictions-words")
        self.error = InlineError()
        self.error.setObjectName("compare-predictions-error")
        self.diagnostics = DiagnosticsView(color_of)
        self.table = TextTable("compare-different-rows", "Rows that the two runs predict differently")
        self.table_title = Label("Rows on which the two runs disagree, by the difference of their losses")
        self._lay_out()
        for widget in (self.first, self.second, self.task, self.split):
            widget.activated.connect(lambda _index: self._update())
        self.hide()

    @property
    def is_up_to_date(self) -> bool:
        """Whether everything that was asked for is shown."""
        return self._asked is not None and not self._waiting

    def show_runs(self, entries: Sequence[ComparedRun]) -> None:
        """Offer the compared runs that have ended."""
        self._entries = tuple(entry for entry in entries if entry.run.has_ended)
        tasks = common_tasks(self._entries)
        self.setVisible(bool(tasks))
        titles = [f"run {entry.run.id}" for entry in self._entries]
        _set_items(self.first, titles, 0)
        _set_items(self.second, titles, 1)
        if len(titles) > 1 and self.second.currentIndex() == self.first.currentIndex():  # which was the only run so far
            self.second.setCurrentIndex(int(self.first.currentIndex() == 0))
        _set_items(self.task, tasks, 0)
        self._update()

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(GAP)
        for widget in (self.first, Label("and"), self.second, self.task, self.split, self.ask_button):
            bar.addWidget(widget)
        bar.addStretch(1)
        self.body.addLayout(bar)
        self.body.addWidget(self.words)
        self.body.addWidget(self.error)
        self.body.addWidget(self.diagnostics)
        self.rows = QWidget()
        rows = QVBoxLayout(self.rows)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(GAP)
        rows.addWidget(self.table_title)
        rows.addWidget(self.table)
        self.body.addWidget(self.rows)
        self._clear()

    def _request(self) -> _Request | None:
        """What is chosen; None where it is no pair of runs with the task."""
        at, other = self.first.currentIndex(), self.second.currentIndex()
        if min(at, other) < 0 or at == other:
            return None
        with_task = [entry for entry in self._entries if self.task.currentText() in entry.run.tasks]
        chosen = [self._entries[index].run.id for index in (at, other)]
        ends = {entry.run.id: entry.run.finished for entry in with_task}
        if not set(chosen) <= ends.keys():
            return None
        runs = shown_runs(tuple(ends), chosen[0], chosen[1])
        return _Request(
            tuple((run, ends[run]) for run in runs), self.task.currentText(), SPLITS[self.split.currentIndex()]
        )

    def _update(self) -> None:
        """Drop what is shown of another choice."""
        request = self._request()
        if request != self._asked:
            self._asked, self._waiting = None, 0
            self._clear()
        has_more = len([entry for entry in self._entries if self.task.currentText() in entry.run.tasks]) > MOST_RUNS
        self.set_subtitle(f"the two chosen runs and the next {MOST_RUNS - 2}" if has_more else "")
        self.ask_button.setEnabled(request is not None and not self._waiting)
        self.ask_button.setText(_BUSY if self._waiting else _WORDS)
        if request is None:
            self.words.setText("Choose two different runs that have this task.")
        elif self._asked is None:
            self.words.setText(_HINT)

    def _clear(self) -> None:
        self._answers, self._errors = {}, []
        self.error.set_error("")
        self.diagnostics.hide()
        self.rows.hide()

    def _ask(self) -> None:
        request = self._request()
        if request is None or self._waiting:
            return
        self._clear()
        self._asked, self._waiting = request, len(request.runs) + 1
        self.words.setText("Predictions are computed, once for each run …")
        self._update()
        url, worker = self._session.store.url, self._session.worker
        for run in request.numbers:
            question = DiagnosticsQuestion(store=url, run=run, split=request.split, task=request.task)
            worker.ask(question, partial(self._on_diagnostics, request, run), partial(self._on_error, request))
        pair = DisagreementsQuestion(store=url, runs=request.pair, split=request.split, task=request.task)
        worker.ask(pair, partial(self._on_pair, request), partial(self._on_error, request))

    def _on_diagnostics(self, request: _Request, run: int, answer: Diagnostics) -> None:
        if request == self._asked:
            self._answers[run] = answer
            self._finish_one()

    def _on_pair(self, request: _Request, found: Disagreements) -> None:
        if request != self._asked:
            return
        self.words.setText(pair_text(found))
        self.table.show_rows(*pair_rows(found))
        more = found.different - len(found.rows)
        title = "Rows on which the two runs disagree, by the difference of their losses"
        self.table_title.setText(f"{title}; {more} more are not listed" if more else title)
        self.rows.setVisible(bool(found.rows))
        self._finish_one()

    def _on_error(self, request: _Request, error: Exception) -> None:
        if request == self._asked:
            if str(error) not in self._errors:
                self._errors.append(str(error))
            self._finish_one()

    def _finish_one(self) -> None:
        """Show the diagnostics once all answers are there."""
        self._waiting -= 1
        request = self._asked
        if self._waiting or request is None:
            return
        if self._errors and not self.rows.isVisibleTo(self):
            self.words.setText("")
        self.error.set_error("\n".join(self._errors))
        answers = {run: self._answers[run] for run in request.numbers if run in self._answers}
        self.diagnostics.show_answers(answers, request.pair)
        self._update()


def _set_items(choice: QComboBox, texts: Sequence[str], default: int) -> None:
    """Offer texts; the chosen one stays chosen if it is among them."""
    if list(texts) == [choice.itemText(index) for index in range(choice.count())]:
        return
    current = choice.currentText()
    choice.clear()
    choice.addItems(list(texts))
    choice.setCurrentIndex(texts.index(current) if current in texts else min(default, len(texts) - 1))
