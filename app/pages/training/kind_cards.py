"""Cards of settings that are a choice among kinds: optimizer, averaging, sampling, initial weights, old tasks."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from app.document import affects
from app.forms import KindForm, SpecForm, bind, fields_of
from app.pages.training.choices import class_task_choices
from app.pages.training.dependent_choice import DependentChoice
from app.pages.training.start_run_choice import StartRunChoice
from app.session import Session
from app.widgets import Card, LinkButton
from mtl_core.spec import (
    Averaging,
    ContinualLearning,
    InitialWeights,
    Optimizer,
    Sampling,
    Spec,
    TrainingSpec,
    kind_of,
    members,
)
from mtl_core.spec.training.continual import NewHeads
from mtl_core.spec.training.initial_weights import FromFile, Scratch
from mtl_core.spec.training.optimizers import HeadsGroupSpec, SharedGroupSpec
from mtl_core.spec.training.sampling import BalancedClasses


class KindCard(Card):
    """A card for a discriminated union: a menu of kinds and the settings of the current one.

    Args:
        session: What the pages share.
        title: Title of the card.
        union: The kinds.
        path: Path of the setting.
        skip: Fields that are not part of the form.
        parent: Owner.
    """

    def __init__(
        self,
        session: Session,
        title: str,
        union: Any,
        path: str,
        *,
        skip: tuple[str, ...] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, parent=parent)
        self.setObjectName(path.rpartition(".")[2])
        self._session = session
        self.form = KindForm(members(union), path, skip=skip)
        bind(self.form, session.document)
        self.body.addWidget(self.form)


class OptimizerCard(KindCard):
    """Settings of the optimizer."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "Optimizer", Optimizer, "training.optimizer")
        self.body.addStretch(1)


class AveragingCard(KindCard):
    """Settings of weight averaging."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "Averaging of the weights (EMA, SWA)", Averaging, "training.averaging")
        self.body.addStretch(1)


class SamplingCard(KindCard):
    """Settings of row sampling and class balancing."""

    _PATH = "training.sampling.task"

    def __init__(self, session: Session) -> None:
        super().__init__(session, "Sampling", Sampling, "training.sampling", skip=("task",))
        field = next(field for field in fields_of(BalancedClasses) if field.name == "task")
        self.task = DependentChoice(session, self._PATH, field)
        self.body.addWidget(self.task)
        self.body.addStretch(1)
        session.document.changed.connect(self._document_changed)
        self._document_changed([""])

    def _document_changed(self, paths: list[str]) -> None:
        if affects(paths, "tasks") or affects(paths, "training.sampling"):
            document = self._session.document
            self.task.combo.setValue(document.get(self._PATH, ""))
            self.task.combo.set_choices(*class_task_choices(document.data))
            self.task.setVisible(document.get("training.sampling.kind") == kind_of(BalancedClasses))


class SharedCard(KindCard):
    """Initial weights and training of the shared layers."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "Shared layers", InitialWeights, "training.start_from", skip=("run",))
        self.run = StartRunChoice(session)
        self.body.addWidget(self.run)
        self.choose = LinkButton("Choose the file…", self.ask_file, name="start-file")
        self.body.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignLeft)
        self.part = _bound_form(session, "shared", SharedGroupSpec)
        self.body.addWidget(self.part)
        self.tuning = SpecForm(TrainingSpec, "training", only=("fine_tuning",))
        bind(self.tuning, session.document)
        self.body.addWidget(self.tuning)
        self.body.addStretch(1)
        session.document.changed.connect(self._document_changed)
        self._document_changed([""])

    def ask_file(self) -> None:
        """Ask for the file of the initial weights of the shared layers."""
        document = self._session.document
        current = str(document.get("training.start_from.path", ""))
        folder = str(Path(current).parent) if Path(current).is_absolute() else ""
        path, _ = QFileDialog.getOpenFileName(self, "Open shared layers", folder, "Tensors (*.safetensors)")
        if path:
            document.set("training.start_from.path", path, "Choose shared layers")

    def _document_changed(self, paths: list[str]) -> None:
        if affects(paths, "training.start_from"):
            kind = self._session.document.get("training.start_from.kind")
            self.choose.setVisible(kind == kind_of(FromFile))


class KeepingCard(KindCard):
    """Continual learning: how the tasks of the initial run are kept; visible if there is one."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "Tasks of the run it begins with", ContinualLearning, "training.keep")
        self.body.addStretch(1)
        session.document.changed.connect(self._document_changed)
        self._document_changed([""])

    def _document_changed(self, paths: list[str]) -> None:
        if affects(paths, "training.start_from") or affects(paths, "training.keep"):
            document = self._session.document
            start, keep = (document.get(f"training.{name}.kind") for name in ("start_from", "keep"))
            self.setVisible(start != kind_of(Scratch) or keep != kind_of(NewHeads))


class HeadsCard(Card):
    """Training of the task heads."""

    def __init__(self, session: Session) -> None:
        super().__init__("Task heads")
        self.setObjectName("heads")
        self.part = _bound_form(session, "heads", HeadsGroupSpec)
        self.body.addWidget(self.part)
        self.body.addStretch(1)


def _bound_form(session: Session, name: str, spec: type[Spec]) -> SpecForm:
    form = SpecForm(spec, f"training.{name}")
    bind(form, session.document)
    return form
