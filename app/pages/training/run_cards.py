"""Length, stopping, and what a run is run with."""

from PySide6.QtWidgets import QGridLayout, QWidget

from app.document import touches
from app.forms import ChoiceEditor, SpecForm, bind, fields_of
from app.forms.form import LABEL_CHARACTERS
from app.pages.training.words import device_choices, length_of, length_text, monitor_choices
from app.session import Session
from app.theme import GAP
from app.widgets import Card, InlineError, Muted
from mtl_core.spec import TrainingSpec

_FIELDS = {field.name: field for field in fields_of(TrainingSpec)}


class LengthCard(Card):
    """Epochs and batch size, and the steps that follow from them."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Length and batches", parent=parent)
        self._session = session
        self.form = _part(session, "epochs", "batch_size")
        self.words = Muted(wrap=True)
        self.words.setObjectName("length-words")
        self.body.addWidget(self.form)
        self.body.addWidget(self.words)
        self.body.addStretch(1)
        session.document.changed.connect(self._show)
        session.datasetInfoChanged.connect(self._show)
        self._show()

    def _show(self, _paths: object = None) -> None:
        spec = self._session.document.spec
        if spec is not None:
            self.words.setText(length_text(length_of(spec, self._session.dataset_info)))


class StoppingCard(Card):
    """What the best epoch is chosen by, and whether the run stops early."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Stopping and best epoch", parent=parent)
        self._session = session
        self.monitor = _Picked(session, "monitor")
        self.form = _part(session, "early_stopping")
        self.body.addWidget(self.monitor)
        self.body.addWidget(self.form)
        self.body.addStretch(1)
        session.document.changed.connect(self._changed)
        self._changed([""])

    def _changed(self, paths: list[str]) -> None:
        if touches(paths, "tasks") or touches(paths, "training.monitor"):
            document = self._session.document
            self.monitor.combo.set_choices(*monitor_choices(document.data))
            value = document.get("training.monitor")
            alone = f"{value}.loss"  # a task's name alone means its loss
            self.monitor.combo.setValue(alone if alone in monitor_choices(document.data)[0] else value)


class RunCard(Card):
    """Device, seed, gradient clipping and checkpoints."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Run", parent=parent)
        self._session = session
        self.device = _Picked(session, "device")
        self.form = _part(session, "seed", "grad_clip", "checkpoint_seconds")
        self.body.addWidget(self.device)
        self.body.addWidget(self.form)
        self.body.addStretch(1)
        session.document.changed.connect(self._changed)
        session.devicesChanged.connect(self._show)
        self._show()

    def _changed(self, paths: list[str]) -> None:
        if touches(paths, "training.device"):
            self._show()

    def _show(self) -> None:
        self.device.combo.set_choices(*device_choices(self._session.devices))
        self.device.combo.setValue(self._session.document.get("training.device"))


class _Picked(QWidget):
    """A text of the training spec chosen from a list that depends on other things."""

    def __init__(self, session: Session, name: str) -> None:
        super().__init__()
        field, self._path = _FIELDS[name], f"training.{name}"
        self._session = session
        self.combo = ChoiceEditor(())
        self.combo.setObjectName(self._path)
        self.combo.setAccessibleName(field.title)
        self.combo.setToolTip(field.help)
        self.error = InlineError()
        label = Muted(field.title)
        label.setBuddy(self.combo)
        label.setToolTip(field.help)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setColumnMinimumWidth(0, self.fontMetrics().horizontalAdvance("0") * LABEL_CHARACTERS)
        grid.setColumnStretch(1, 1)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.combo, 0, 1)
        grid.addWidget(self.error, 1, 1)
        self.combo.valueChanged.connect(lambda value: session.document.set(self._path, value, field.title))
        session.document.problemsChanged.connect(self._problems)
        self._problems()

    def _problems(self) -> None:
        found = self._session.document.problems_at(self._path)
        self.error.set_error(found[0].rule if found else "")


def _part(session: Session, *names: str) -> SpecForm:
    form = SpecForm(TrainingSpec, "training", only=names)
    bind(form, session.document)
    return form
