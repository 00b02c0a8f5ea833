"""Let an experiment begin with the trained layers of a run, which is chosen from a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal

from app.tables.run_chooser import RunChooser
from app.tables.run_columns import experiment_name
from mtl_core.spec import spec_to_data
from mtl_core.spec.validation.sharing import START_PATH

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.document import Document
    from app.jobs import StoreService
    from mtl_core.store import RunStore

_LAYERS = ("inputs", "fusion", "shared")
"""The parts of a model that tasks share."""


@dataclass(frozen=True)
class InitialRun:
    """A run that an experiment may begin with.

    Attributes:
        run: Its number.
        name: The name of its experiment.
        model: The model of its experiment, as spec data.
    """

    run: int
    name: str
    model: Mapping[str, Any]

    def layer_changes(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The changes that give an experiment the layers that the run's tasks share; none where it has them."""
        model = data.get("model") or {}
        return {f"model.{part}": self.model[part] for part in _LAYERS if model.get(part) != self.model[part]}


def read_initial_run(store: RunStore, run: int) -> InitialRun:
    """Read a run; for the store's thread.

    Raises:
        InputError: There is no such run.
    """
    return InitialRun(run, experiment_name(store.run(run)), spec_to_data(store.spec(run))["model"])


class InitialRunChooser(RunChooser):
    """A list of runs, of which one becomes that with whose shared layers the experiment begins.

    ``begun(run)`` is emitted once it does.

    Args:
        store: Store of the runs.
        document: The experiment.
        name: objectName.
        parent: Parent widget.
        takes_layers: Whether the experiment gets the run's shared layers too, where it has others.
    """

    begun = Signal(int)

    def __init__(
        self, store: StoreService, document: Document, name: str, parent: QWidget, *, takes_layers: bool = False
    ) -> None:
        super().__init__(store, name, parent)
        self._document, self._takes_layers = document, takes_layers
        self.runsChosen.connect(lambda runs: self._choose(runs[0]))

    def _choose(self, run: int) -> None:
        if self._takes_layers:
            self._store.call(partial(read_initial_run, run=run), self._begin_with_layers)
        else:
            self._begin(run, {})

    def _begin_with_layers(self, initial: InitialRun) -> None:
        self._begin(initial.run, initial.layer_changes(self._document.data))

    def _begin(self, run: int, layers: Mapping[str, Any]) -> None:
        self._document.set_many({**layers, START_PATH: {"kind": "from_run", "run": run}}, f"Begin with run {run}")
        self.begun.emit(run)
