"""The dialog of a fork: which checkpoint it begins with, how long it trains, and what may differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.theme import GAP
from app.widgets import Button, Muted, NumberField, NumberRange, PrimaryButton
from mtl_core.spec import ExperimentSpec, ManualWeighting, set_at, spec_from_data, spec_to_data

if TYPE_CHECKING:
    from mtl_core.forking.checkpoint_list import RunCheckpoint

_WHOLE_TEXT = "A new run goes on from here with the whole training state. The curves up to here are copied into it."
_WEIGHTS_TEXT = (
    "A new run goes on from here with the weights of the model; the optimizer, the weighting and the random numbers "
    "begin anew. The curves up to here are copied into it."
)
_MOST_EPOCHS = 1_000_000

Start = Callable[["RunCheckpoint", ExperimentSpec], object]


class ForkDialog(QDialog):
    """Asks how a run shall go on from a checkpoint; gone when it is closed.

    Args:
        checkpoints: The checkpoints of the run, by their steps; at least one.
        chosen: The checkpoint that is proposed.
        spec: The experiment of the run.
        start: Called with the checkpoint and the experiment of the fork.
        length_note: Why more epochs would have changed what was trained so far, as a clause; empty if they would not.
        parent: Owner.
    """

    def __init__(
        self,
        checkpoints: Sequence[RunCheckpoint],
        chosen: RunCheckpoint,
        spec: ExperimentSpec,
        start: Start,
        *,
        length_note: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("fork-dialog")
        self.setWindowTitle(f"Fork run {chosen.run}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._checkpoints, self._spec, self._start = tuple(checkpoints), spec, start
        self._length_note = length_note
        self.choice = QComboBox()
        self.choice.setObjectName("fork-checkpoint")
        self.choice.setAccessibleName("Checkpoint to begin with")
        for checkpoint in self._checkpoints:
            self.choice.addItem(_checkpoint_text(checkpoint))
        self.choice.setCurrentIndex(self._checkpoints.index(chosen))
        self.epochs = _number_field(
            "fork-epochs", "Further epochs", NumberRange(integer=True, low=1, high=_MOST_EPOCHS)
        )
        self.rate = _number_field(
            "fork-lr", "Learning rate", NumberRange(integer=False, low=0, high=100, low_open=True, log=True)
        )
        self.rate.setValue(spec.training.optimizer.lr)
        self.weights = self._weight_fields()
        self.stopping = QCheckBox("Stop early")
        self.stopping.setObjectName("fork-early-stopping")
        self.stopping.setChecked(spec.training.early_stopping is not None)
        self.text, self.note = Muted(wrap=True), Muted(wrap=True)
        self.note.setObjectName("fork-note")
        self._build()
        self.choice.currentIndexChanged.connect(lambda _index: self._show_choice())
        self.epochs.valueChanged.connect(lambda _value: self._show_note())
        self._show_choice()

    @property
    def checkpoint(self) -> RunCheckpoint:
        """The chosen checkpoint."""
        return self._checkpoints[self.choice.currentIndex()]

    def spec(self) -> ExperimentSpec:
        """The experiment of the fork."""
        data = spec_to_data(self._spec)
        changes = {"training.epochs": self._total_epochs(), "training.optimizer.lr": self.rate.value()}
        if self._spec.training.early_stopping is not None and not self.stopping.isChecked():
            changes["training.early_stopping"] = None
        for task, field in self.weights.items():
            data = set_at(data, "weighting.weights", {**data["weighting"]["weights"], task: field.value()})
        for path, value in changes.items():
            data = set_at(data, path, value)
        return spec_from_data(data)

    def accept(self) -> None:
        """Start the fork, and close."""
        self._start(self.checkpoint, self.spec())
        super().accept()

    def _build(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GAP)
        form.setVerticalSpacing(GAP)
        form.addRow(Muted("Begin with"), self.choice)
        form.addRow(Muted("Further epochs"), self.epochs)
        form.addRow(Muted("Learning rate"), self.rate)
        for task, field in self.weights.items():
            form.addRow(Muted(f"Weight of {task}"), field)
        if self._spec.training.early_stopping is not None:
            form.addRow(Muted(), self.stopping)
        for label in (self.text, self.note):
            label.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * 56)
        start = PrimaryButton("Start the fork", self.accept, name="fork-start")
        start.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(Button("Cancel", self.reject, name="fork-cancel"))
        buttons.addWidget(start)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        column.setSpacing(2 * GAP)
        for part in (self.text, form, self.note, buttons):
            column.addWidget(part) if isinstance(part, QWidget) else column.addLayout(part)

    def _weight_fields(self) -> dict[str, NumberField]:
        weighting = self._spec.weighting
        if not isinstance(weighting, ManualWeighting):
            return {}
        fields = {}
        for task in self._spec.task_names:
            bounds = NumberRange(integer=False, low=0, high=1e6)
            fields[task] = _number_field(f"fork-weight-{task}", f"Loss weight of {task}", bounds)
            fields[task].setValue(weighting.weights.get(task, 1.0))
        return fields

    def _total_epochs(self) -> int:
        return (self.checkpoint.epoch or 0) + int(self.epochs.value())

    def _show_choice(self) -> None:
        epochs = self._spec.training.epochs
        left = epochs - (self.checkpoint.epoch or 0)
        self.epochs.setValue(left if left > 0 else max(1, epochs // 2))
        self.text.setText(_WHOLE_TEXT if self.checkpoint.is_whole else _WEIGHTS_TEXT)
        stopping = self._spec.training.early_stopping
        if stopping is not None:
            may_stop = self.checkpoint.bad_epochs < stopping.patience
            self.stopping.setEnabled(may_stop)
            self.stopping.setChecked(may_stop)
            self.stopping.setText("Stop early" if may_stop else "Stop early: off, as it would end the fork at once")
        self._show_note()

    def _show_note(self) -> None:
        total = self._total_epochs()
        text = f"It trains until epoch {total}."
        if total != self._spec.training.epochs and self._length_note:
            clause = self._length_note[0].upper() + self._length_note[1:]
            text += f" {clause}: a run of {total} epochs would have trained otherwise up to here."
        self.note.setText(text)


def _checkpoint_text(checkpoint: RunCheckpoint) -> str:
    epoch = "" if checkpoint.epoch is None else f" · epoch {checkpoint.epoch}"
    text = checkpoint.text
    return text[0].upper() + text[1:] + epoch


def _number_field(name: str, accessible: str, bounds: NumberRange) -> NumberField:
    field = NumberField(bounds)
    field.setObjectName(name)
    field.setAccessibleName(accessible)
    return field
