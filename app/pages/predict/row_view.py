"""Prediction for one row that is edited in a form: what changes, if an input were another."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.pages.predict.model_choice import ChosenModels
from app.pages.predict.outcome import Outcome
from app.pages.predict.row_form import RowForm
from app.theme import CARD_GAP, GAP
from app.widgets import Button, Card, CardRow, EmptyState, InlineError, Muted, guard_wheel, scroll_area
from mtl_core.protocol.predictions import Cell, PredictionForm, RowPrediction
from mtl_core.protocol.questions import PredictionFormQuestion, PredictRowQuestion
from mtl_core.text import group_digits

if TYPE_CHECKING:
    from app.session import Session

_FORM_KEY, _ROW_KEY = "predict-form", "predict-row"
"""Of the questions to the worker."""
_DEBOUNCE_MS = 40
_TYPICAL = "Typical values"


class RowView(QWidget):
    """Asks the worker for the prediction of the form's row after each change, and shows the latest answer.

    Args:
        session: Worker and store.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("predict-row")
        self._session = session
        self._models: ChosenModels | None = None
        self._level = 0.0
        self._form: PredictionForm | None = None
        self._form_models: ChosenModels | None = None
        self._start: dict[str, Cell] = {}
        self.start_prediction: RowPrediction | None = None
        self.prediction: RowPrediction | None = None
        self._serial = 0
        self.begin = QComboBox()
        self.reset = Button("Reset", self.show_start, icon_name="arrow-counter-clockwise", name="predict-reset")
        self.form = RowForm(session.store)
        self.outcome = Outcome()
        self.error = InlineError()
        self._timer = QTimer(self, singleShot=True, interval=_DEBOUNCE_MS)
        self._empty = EmptyState("sliders-horizontal", "No model chosen", "Choose a run that has ended.")
        self._loading = EmptyState("hourglass", "Reading the model…")
        self._failed = EmptyState("warning-circle", "", "", "Try again", self.ask_form)
        self._content, self._faces = QWidget(), QStackedWidget()
        self._build()

    @property
    def is_up_to_date(self) -> bool:
        """Whether the prediction shown is that of the form's values."""
        return self.prediction is not None and self._answered == self._serial and not self._timer.isActive()

    def set_models(self, models: ChosenModels | None, level: float) -> None:
        """Predict with other models, or with intervals of another level."""
        if (models, level) == (self._models, self._level):
            return
        self._models, self._level = models, level
        if self._form_models == models and self._form is not None:
            self.start_prediction = None
            self._ask()
        elif self.isVisible():
            self.ask_form()

    def open(self) -> None:
        """Show the form of the chosen models, which is asked for when it is first seen."""
        if self._models is not None and self._models != self._form_models:
            self.ask_form()

    def ask_form(self) -> None:
        """Ask the worker for the input columns of the models."""
        models = self._models
        if models is None:
            return
        self._form = None
        self._faces.setCurrentWidget(self._loading)
        self._session.worker.ask(
            PredictionFormQuestion(**models.question_fields(self._session)),
            partial(self._on_form, models),
            partial(self._on_form_error, models),
            key=_FORM_KEY,
        )

    def show_start(self) -> None:
        """Show the values of the start again."""
        self.form.show_values(self._start)
        self._ask()

    # -- building --

    def _build(self) -> None:
        for widget, name in (
            (self.begin, "begin"),
            (self.error, "row-error"),
            (self._empty, "row-empty"),
            (self._loading, "row-loading"),
            (self._failed, "row-failed"),
        ):
            widget.setObjectName(f"predict-{name}")
        self._answered = 0
        self.begin.setAccessibleName("Begin with")
        self.begin.setMaxVisibleItems(20)
        guard_wheel(self.begin)
        bar = QHBoxLayout()
        bar.setSpacing(GAP)
        bar.addWidget(Muted("Begin with"))
        bar.addWidget(self.begin)
        bar.addStretch(1)
        bar.addWidget(self.reset)
        inputs = Card("Inputs")
        fields = QVBoxLayout()
        fields.setContentsMargins(0, 0, 0, 0)
        fields.addWidget(self.form)
        inputs.body.addLayout(bar)
        inputs.body.addWidget(self.error)
        inputs.body.addWidget(scroll_area(fields), 1)
        outcome = QVBoxLayout()
        outcome.setContentsMargins(0, 0, 0, 0)
        outcome.addWidget(self.outcome)
        cards = CardRow()
        cards.add(inputs)
        cards.add(scroll_area(outcome))
        content = QVBoxLayout(self._content)
        content.setContentsMargins(0, 0, 0, 0)
        content.addWidget(cards, 1)
        for face in (self._empty, self._loading, self._failed, self._content):
            self._faces.addWidget(face)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(CARD_GAP)
        column.addWidget(self._faces)
        self.form.changed.connect(self._on_changed)
        self.begin.activated.connect(self._on_begin)
        self._timer.timeout.connect(self._ask)

    # -- the form --

    def _on_form(self, models: ChosenModels, form: PredictionForm) -> None:
        if models != self._models:
            return
        self._form, self._form_models = form, models
        self.begin.clear()
        self.begin.addItem(_TYPICAL)
        self.begin.addItems([f"Validation row {group_digits(row)}" for row in form.rows])
        self._start = _typical(form)
        self.start_prediction = self.prediction = None
        self.outcome.set_tasks(form.tasks)
        self.form.show_form(form, self._start)
        self._faces.setCurrentWidget(self._content)
        self._ask()

    def _on_form_error(self, models: ChosenModels, error: Exception) -> None:
        if models == self._models:
            self._form_models = None
            self._failed.title.setText(f"{models.title} cannot predict a single row")
            self._failed.text.setText(str(error))
            self._faces.setCurrentWidget(self._failed)

    def _on_begin(self, index: int) -> None:
        """Begin with the typical values, or with those of a validation row."""
        form = self._form
        if form is None:
            return
        self._start = _typical(form)
        if index > 0:
            names = [field.column for field in form.fields]
            self._start = dict(zip(names, form.cells[index - 1], strict=True))
        self.start_prediction = None
        self.show_start()

    # -- the prediction --

    def _on_changed(self) -> None:
        self._timer.start()

    def _ask(self) -> None:
        models = self._models
        if models is None or self._form is None:
            return
        self._timer.stop()
        self._serial += 1
        values = self.form.values
        self._session.worker.ask(
            PredictRowQuestion(**models.question_fields(self._session), level=self._level, cells=values),
            partial(self._on_prediction, self._serial, values == self._start),
            partial(self._on_error, self._serial),
            key=_ROW_KEY,
        )

    def _on_prediction(self, serial: int, is_start: bool, prediction: RowPrediction) -> None:
        if serial != self._serial:
            return
        self._answered = serial
        self.error.set_error("")
        if is_start or self.start_prediction is None:
            self.start_prediction = prediction
        self.prediction = prediction
        self.outcome.show_prediction(prediction, self.start_prediction)

    def _on_error(self, serial: int, error: Exception) -> None:
        if serial == self._serial:
            self._answered = serial
            self.error.set_error(str(error))


def _typical(form: PredictionForm) -> dict[str, Cell]:
    return {field.column: field.typical for field in form.fields}
