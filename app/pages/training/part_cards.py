"""Cards of what is chosen from a menu of kinds, and of the parts of the model."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from app.document import touches
from app.forms import KindForm, SpecForm, bind, fields_of
from app.pages.training.task_choice import Picked
from app.pages.training.words import class_task_choices
from app.session import Session
from app.widgets import Card, LinkButton
from mtl_core.spec import Averaging, Keeping, Optimizer, Sampling, Spec, Start, kind_of, members
from mtl_core.spec.training.continual import NewHeads
from mtl_core.spec.training.initial_weights import FromFile, Scratch
from mtl_core.spec.training.optimizers import HeadsPart, SharedPart
from mtl_core.spec.training.sampling import BalancedClasses


class KindCard(Card):
    """One of several kinds, and its settings.

    Args:
        session: What the pages share.
        title: Of the card.
        union: What can be chosen.
        path: Where it stands.
        skip: Settings that are shown otherwise.
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
    """The optimizer and its parameters."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "Optimizer", Optimizer, "training.optimizer")
        self.body.addStretch(1)


class AveragingCard(KindCard):
    """Which weights are validated and kept."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "Averaging of the weights (EMA, SWA)", Averaging, "training.averaging")
        self.body.addStretch(1)


class SamplingCard(KindCard):
    """Which rows an epoch draws, and by which task's classes."""

    _PATH = "training.sampling.task"

    def __init__(self, session: Session) -> None:
        super().__init__(session, "Sampling", Sampling, "training.sampling", skip=("task",))
        field = next(field for field in fields_of(BalancedClasses) if field.name == "task")
        self.task = Picked(session, self._PATH, field)
        self.body.addWidget(self.task)
        self.body.addStretch(1)
        session.document.changed.connect(self._changed)
        self._changed([""])

    def _changed(self, paths: list[str]) -> None:
        if touches(paths, "tasks") or touches(paths, "training.sampling"):
            document = self._session.document
            self.task.combo.setValue(document.get(self._PATH, ""))
            self.task.combo.set_choices(*class_task_choices(document.data))
            self.task.setVisible(document.get("training.sampling.kind") == kind_of(BalancedClasses))


class SharedCard(KindCard):
    """What the shared layers begin with, and how they are trained."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "Shared layers", Start, "training.start_from")
        self.choose = LinkButton("Choose the file…", self.ask_file, name="start-file")
        self.body.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignLeft)
        self.part = _part(session, "shared", SharedPart)
        self.body.addWidget(self.part)
        self.body.addStretch(1)
        session.document.changed.connect(self._changed)
        self._changed([""])

    def ask_file(self) -> None:
        """Ask for the file the shared layers begin with."""
        document = self._session.document
        now = str(document.get("training.start_from.path", ""))
        folder = str(Path(now).parent) if Path(now).is_absolute() else ""
        chosen, _ = QFileDialog.getOpenFileName(self, "Open shared layers", folder, "Tensors (*.safetensors)")
        if chosen:
            document.set("training.start_from.path", chosen, "Choose shared layers")

    def _changed(self, paths: list[str]) -> None:
        if touches(paths, "training.start_from"):
            kind = self._session.document.get("training.start_from.kind")
            self.choose.setVisible(kind == kind_of(FromFile))


class KeepingCard(KindCard):
    """What becomes of the tasks of the run that this one begins with; there when it begins with one."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "Tasks of the run it begins with", Keeping, "training.keep")
        self.body.addStretch(1)
        session.document.changed.connect(self._changed)
        self._changed([""])

    def _changed(self, paths: list[str]) -> None:
        if touches(paths, "training.start_from") or touches(paths, "training.keep"):
            document = self._session.document
            start, keep = (document.get(f"training.{name}.kind") for name in ("start_from", "keep"))
            self.setVisible(start != kind_of(Scratch) or keep != kind_of(NewHeads))


class HeadsCard(Card):
    """How the task heads are trained."""

    def __init__(self, session: Session) -> None:
        super().__init__("Task heads")
        self.setObjectName("heads")
        self.part = _part(session, "heads", HeadsPart)
        self.body.addWidget(self.part)
        self.body.addStretch(1)


def _part(session: Session, name: str, spec: type[Spec]) -> SpecForm:
    form = SpecForm(spec, f"training.{name}")
    bind(form, session.document)
    return form
