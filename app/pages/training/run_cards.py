"""Cards for training length, early stopping and the device."""

from PySide6.QtWidgets import QWidget

from app.document import affects
from app.forms import SpecForm, bind, fields_of
from app.pages.training.choices import device_choices, monitor_choices
from app.pages.training.dependent_choice import DependentChoice
from app.pages.training.run_length import run_length, run_length_text
from app.session import Session
from app.widgets import Card, Muted
from mtl_core.spec import TrainingSpec

_FIELDS = {field.name: field for field in fields_of(TrainingSpec)}


class LengthCard(Card):
    """Epochs and batch size, and the resulting number of steps."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Length and batches", parent=parent)
        self._session = session
        self.form = _bound_form(session, "epochs", "batch_size")
        self.length_label = Muted(wrap=True)
        self.length_label.setObjectName("length-words")
        self.body.addWidget(self.form)
        self.body.addWidget(self.length_label)
        self.body.addStretch(1)
        session.document.changed.connect(self._show)
        session.datasetInfoChanged.connect(self._show)
        self._show()

    def _show(self, _paths: object = None) -> None:
        spec = self._session.document.spec
        if spec is not None:
            self.length_label.setText(run_length_text(run_length(spec, self._session.dataset_info)))


class StoppingCard(Card):
    """The monitored metric and early stopping."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Stopping and best epoch", parent=parent)
        self._session = session
        self.monitor = DependentChoice(session, "training.monitor", _FIELDS["monitor"])
        self.form = _bound_form(session, "early_stopping")
        self.body.addWidget(self.monitor)
        self.body.addWidget(self.form)
        self.body.addStretch(1)
        session.document.changed.connect(self._document_changed)
        self._document_changed([""])

    def _document_changed(self, paths: list[str]) -> None:
        if affects(paths, "tasks") or affects(paths, "training.monitor"):
            document = self._session.document
            self.monitor.combo.set_choices(*monitor_choices(document.data))
            value = document.get("training.monitor")
            alone = f"{value}.loss"  # a task's name alone stands for its loss
            self.monitor.combo.setValue(alone if alone in monitor_choices(document.data)[0] else value)


class RunCard(Card):
    """Device, precision, seed, gradient clipping and checkpoints."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Run", parent=parent)
        self._session = session
        self.device = DependentChoice(session, "training.device", _FIELDS["device"])
        self.form = _bound_form(
            session,
            "precision",
            "seed",
            "grad_clip",
            "accumulate",
            "compile",
            "compare_gradients",
            "keep_checkpoints",
            "checkpoint_seconds",
        )
        self.body.addWidget(self.device)
        self.body.addWidget(self.form)
        self.body.addStretch(1)
        session.document.changed.connect(self._document_changed)
        session.devicesChanged.connect(self._show)
        self._show()

    def _document_changed(self, paths: list[str]) -> None:
        if affects(paths, "training.device"):
            self._show()

    def _show(self) -> None:
        self.device.combo.set_choices(*device_choices(self._session.devices))
        self.device.combo.setValue(self._session.document.get("training.device"))


def _bound_form(session: Session, *names: str) -> SpecForm:
    form = SpecForm(TrainingSpec, "training", only=names)
    bind(form, session.document)
    return form
