"""The Predict page: models at the top, below them a file with its predictions, or one row by a form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QStackedWidget, QVBoxLayout, QWidget

from app.formatting import format_share
from app.navigation import Page
from app.pages.predict.file_view import FileView
from app.pages.predict.model_choice import ChosenModels, ModelChoice, newest_run
from app.pages.predict.row_view import RowView
from app.theme import CARD_GAP, PAGE_MARGIN
from app.widgets import EmptyState, PageHeader, TaskTabs, guard_wheel, plain_tooltip
from mtl_core.protocol.predictions import INTERVAL_LEVELS

if TYPE_CHECKING:
    from app.session import Session

_LEVELS = (0.0, *INTERVAL_LEVELS)
_DEFAULT_LEVEL = 0.9
_INTERVAL_HELP = (
    "The interval of a predicted number holds the true value of at least this share of the rows that are like the "
    "validation rows, whose errors set its width"
)


class PredictPage(QWidget):
    """Predicts new rows with the models of runs."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("PredictPage")
        self._session = session
        self.models = ModelChoice(session, self)
        self.level = QComboBox()
        self.tabs = TaskTabs("predict-tabs", "view")
        self.file, self.row = FileView(session), RowView(session)
        self._empty = EmptyState(
            "magic-wand",
            "No run to predict with",
            "Train a run, or choose a folder of models at the top; then a file goes in and a table comes out.",
            "Open Training",
            lambda: session.open_page(Page.TRAINING),
        )
        self._error = EmptyState("warning-circle", "The runs cannot be read", "", "Try again", self._try_again)
        self._content, self._views, self._faces = QWidget(), QStackedWidget(), QStackedWidget()
        self._build()
        self.models.chosen.connect(self._on_models)
        self.models.failed.connect(self._on_error)
        session.predictingRunsChanged.connect(self._choose_runs)
        self.level.activated.connect(lambda _index: self._update())
        self.tabs.currentChanged.connect(self._on_tab)
        session.worker.progressed.connect(self.file.show_progress)

    def showEvent(self, event: QShowEvent) -> None:
        """Take the newest run where none is chosen, or the chosen ones as they are now."""
        super().showEvent(event)
        chosen = self.models.models
        if chosen is None:
            self._choose_first()
        elif chosen.runs:
            self.models.read_runs(chosen.runs)

    def _build(self) -> None:
        self._empty.setObjectName("predict-no-run")
        self._error.setObjectName("predict-failed")
        self.level.setObjectName("predict-level")
        self.level.setAccessibleName("Intervals")
        self.level.setToolTip(plain_tooltip(_INTERVAL_HELP))
        self.level.addItems(["No intervals", *(f"{format_share(level)} intervals" for level in INTERVAL_LEVELS)])
        self.level.setCurrentIndex(_LEVELS.index(_DEFAULT_LEVEL))
        guard_wheel(self.level)
        self.tabs.set_names(("A file", "One row"))
        header = PageHeader("Predict")
        header.add_chip(self.models)
        header.add_action(self.level)
        self._views.addWidget(self.file)
        self._views.addWidget(self.row)
        content = QVBoxLayout(self._content)
        content.setContentsMargins(0, 0, 0, 0)
        content.setSpacing(CARD_GAP)
        content.addWidget(self.tabs)
        content.addWidget(self._views, 1)
        for face in (QWidget(), self._empty, self._error, self._content):
            self._faces.addWidget(face)
        column = QVBoxLayout(self)
        column.setContentsMargins(PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN)
        column.setSpacing(CARD_GAP)
        column.addWidget(header)
        column.addWidget(self._faces, 1)

    def _try_again(self) -> None:
        self.models.forget()
        self._session.predicting_runs = []  # of which one may be gone
        self._choose_first()

    def _choose_runs(self, runs: Sequence[int]) -> None:
        """Choose runs instead of what was chosen before."""
        self.models.forget()
        self.models.read_runs(runs)

    def _choose_first(self) -> None:
        """Choose the runs that another page asked for, or the newest."""
        if self._session.predicting_runs:
            self.models.read_runs(self._session.predicting_runs)
        else:
            self._session.store.call(newest_run, self._on_newest, self._on_error)

    def _on_newest(self, run: int | None) -> None:
        if self.models.models is not None:
            return
        if run is None:
            self._faces.setCurrentWidget(self._empty)
        else:
            self.models.read_runs([run])

    def _on_models(self, _models: ChosenModels) -> None:
        self._faces.setCurrentWidget(self._content)
        self._update()

    def _on_error(self, error: Exception) -> None:
        self._error.text.setText(str(error))
        self._faces.setCurrentWidget(self._error)

    def _on_tab(self, index: int) -> None:
        self._views.setCurrentIndex(index)
        if index == 1:
            self.row.open()

    def _update(self) -> None:
        level = _LEVELS[self.level.currentIndex()]
        self.file.set_models(self.models.models, level)
        self.row.set_models(self.models.models, level)
