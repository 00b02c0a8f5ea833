"""The button with the models that predict: a run, several whose predictions are averaged, or a folder of models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from app.formatting import elide_middle
from app.tables import RunChooser
from app.widgets import ToolButton, plain_tooltip
from mtl_core.text import format_names

if TYPE_CHECKING:
    from app.session import Session
    from mtl_core.store import RunStore

_FOLDER_KEY = "page/predict/models"
_LONGEST_NAME = 36


@dataclass(frozen=True)
class ChosenModels:
    """The models that predict.

    Attributes:
        title: What the button says.
        detail: Their names.
        runs: Their numbers; none with a folder.
        folder: The folder of models; empty with runs.
        stamp: The ends of the runs, as a run that trained on has another model.
    """

    title: str
    detail: str
    runs: tuple[int, ...] = ()
    folder: str = ""
    stamp: tuple[float | None, ...] = ()

    def question_fields(self, session: Session) -> dict[str, Any]:
        """The fields of a question that name them."""
        return {"store": session.store.url, "runs": self.runs, "folder": self.folder}


class ModelChoice(ToolButton):
    """A button with a menu that changes the models.

    ``chosen(ChosenModels)``: a person chose others. ``failed(Exception)``: the runs cannot be read.

    Args:
        session: Store and settings.
        parent: Owner.
    """

    chosen = Signal(object)
    failed = Signal(object)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__("caret-down", "Choose the model", text="Choose a model", name="predict-model", parent=parent)
        self._session = session
        self.models: ChosenModels | None = None
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.one = RunChooser(session.store, "predict-run-chooser", self)
        self.several = RunChooser(session.store, "predict-runs-chooser", self, multiple=True)
        menu = QMenu(self)
        menu.setAccessibleName("Model")
        for text, name, ask in (
            ("One run…", "predict-one", lambda: self.one.open_below(self)),
            ("Mean of several runs…", "predict-several", lambda: self.several.open_below(self)),
            ("Folder of models…", "predict-folder", self._ask_folder),
        ):
            menu.addAction(text, ask).setObjectName(name)
        self.setMenu(menu)
        self.one.runsChosen.connect(self.read_runs)
        self.several.runsChosen.connect(self.read_runs)

    def choose(self, models: ChosenModels) -> None:
        """Choose models; nothing happens where they are chosen already."""
        if models == self.models:
            return
        self.models = models
        self.setText(models.title)
        self.setToolTip(plain_tooltip(f"{models.detail}. Press to choose another model."))
        self.chosen.emit(models)

    def forget(self) -> None:
        """Choose none."""
        self.models = None
        self.setText("Choose a model")

    def open_folder(self, folder: Path) -> None:
        """Choose a folder of models."""
        self._session.settings.put(_FOLDER_KEY, str(folder.parent))
        self.choose(ChosenModels(f"Folder {elide_middle(folder.name, _LONGEST_NAME)}", str(folder), folder=str(folder)))

    def read_runs(self, runs: Sequence[int]) -> None:
        """Read runs and choose them."""

        def read(store: RunStore) -> ChosenModels:
            records = [store.run(run) for run in runs]
            names = format_names(list(dict.fromkeys(record.name for record in records if record.name)))
            title = f"Run {runs[0]}" if len(runs) == 1 else f"Mean of {len(runs)} runs"
            numbers = ", ".join(f"Run {run}" for run in runs)
            detail = f"{numbers} · {names}" if names else numbers
            title += f" · {elide_middle(names, _LONGEST_NAME)}" if names else ""
            stamp = tuple(record.finished for record in records)
            return ChosenModels(title, detail, tuple(runs), stamp=stamp)

        self._session.store.call(read, self.choose, self.failed.emit)

    def _ask_folder(self) -> None:
        last = self._session.settings.get(_FOLDER_KEY) or ""
        if folder := QFileDialog.getExistingDirectory(self, "Open a folder of models", last):
            self.open_folder(Path(folder))


def newest_run(store: RunStore) -> int | None:
    """The newest run that has ended, if there is one."""
    return next((run.id for run in store.runs() if run.has_ended), None)
