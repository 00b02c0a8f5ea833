"""What the pages share: the document, the worker, the store, the queue, and what is known of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.document import Document
from app.jobs import DatasetDescriptions, Failed, NewestRecords, RunFollower, RunQueue, StoreService, Worker
from app.settings import Settings
from mtl_core.plugins import plugin_problems
from mtl_core.protocol.questions import DevicesQuestion, ModelQuestion
from mtl_core.spec import (
    DatasetInfo,
    DeviceInfo,
    ExperimentSpec,
    InputError,
    ModelInfo,
    set_at,
    spec_from_data,
    spec_to_data,
    study_members,
)

if TYPE_CHECKING:
    from mtl_core.store import RunRecord, RunStore

MOST_COMPARED = 60
"""Runs side by side on Compare; all points of all of them are kept in memory."""

_DEBOUNCE_MS = 150


class Session(QObject):
    """One store, one experiment being edited, one worker, and the runs.

    Pages reach everything through it and never each other. ``document``, ``worker``, ``store``, ``queue`` and
    ``settings`` are what they are called; ``records`` are the run records read last; ``devices`` and ``model_info``
    are what the worker last said (None before), ``dataset_error`` and ``model_error`` why it could not.
    ``may_replace`` asks a person whether a part of the document that has unsaved edits may give way; the window puts
    its questions there.

    Args:
        store: Path or URL of the store; None for the default one.
        worker: The worker to ask.
        service: The store, already wrapped.
        settings: What is remembered between starts.
        parent: Owner.
    """

    pageRequested = Signal(str)
    liveRunChanged = Signal(int)
    compareChanged = Signal(list)
    message = Signal(str)
    problem = Signal(str)
    specRequested = Signal(object)
    studyRequested = Signal(list, bool, bool)
    devicesChanged = Signal()
    datasetInfoChanged = Signal()
    modelInfoChanged = Signal()

    def __init__(
        self,
        store: str | None = None,
        *,
        worker: Worker | None = None,
        service: StoreService | None = None,
        settings: Settings | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings = settings or Settings()
        self.document = Document(self)
        self.worker = worker or Worker()
        self.worker.setParent(self)
        self.store = service or StoreService(store)
        self.store.setParent(self)
        self.queue = RunQueue(self.store, self.worker, self)
        self.may_replace: Callable[[str], bool] = lambda _what: True
        self.records = NewestRecords(self)
        self.devices: list[DeviceInfo] = []
        self.dataset_descriptions = DatasetDescriptions(self.worker)
        self.dataset_error: Exception | None = None
        self.model_info: ModelInfo | None = None
        self.model_error: Exception | None = None
        self.live_run: int | None = None
        self._live_study: int | None = None
        self.compared: list[int] = []
        self._asked_dataset: Any = None
        self._asked_model: Any = None
        self._ask_soon = QTimer(self, singleShot=True, interval=_DEBOUNCE_MS)
        self._ask_soon.timeout.connect(self._ask)
        self.document.changed.connect(self._document_changed)
        self.queue.created.connect(self.show_live)
        self.queue.runChanged.connect(self.records.put)
        self.queue.runChanged.connect(self._follow_study)
        self.queue.failed.connect(self._tell)
        self.store.failed.connect(self._tell)

    @property
    def dataset_info(self) -> DatasetInfo | None:
        """The description of the document's data set; None before the worker has described it."""
        return self.dataset_descriptions.get(self.document.data.get("dataset"))

    @property
    def controlled_run(self) -> "RunRecord | None":
        """The run that Pause and Stop in the bar at the top mean: the one on Live if it is on, else the queue's."""
        return self.queue.controlled_run(self.live_run)

    def begin(self) -> None:
        """Start the worker, ask it for devices, look for runs that are on, and say which plugins are left out."""
        self.queue.activeChanged.connect(self._adopt_active)
        self.worker.ask(DevicesQuestion(), self._have_devices, self._tell)
        self.queue.attach()
        self._ask_soon.start()
        for problem in plugin_problems():
            self.complain(str(problem))

    def close(self) -> None:
        """End the worker and the threads; runs that train go on."""
        self._ask_soon.stop()
        self.queue.close()
        self.worker.close()
        self.store.close()
        self.settings.sync()

    def follower(self, parent: QObject) -> RunFollower:
        """A follower of runs of this store, owned by ``parent``."""
        follower = RunFollower(self.store, parent)
        follower.record.connect(self.records.put)
        return follower

    def open_page(self, name: str) -> None:
        """Show the page ``data model training live runs`` or ``compare``."""
        self.pageRequested.emit(name)

    def show_live(self, run: int) -> None:
        """Make ``run`` the one that Live shows."""
        if run != self.live_run:
            self.live_run, self._live_study = run, None
            self.liveRunChanged.emit(run)

    def compare(self, runs: Iterable[int]) -> None:
        """Make ``runs`` those that Compare shows."""
        self.compared = list(runs)
        self.compareChanged.emit(self.compared)

    def open_spec(self, spec: ExperimentSpec) -> None:
        """Ask the window to edit ``spec`` instead of the document, which may have unsaved edits."""
        self.specRequested.emit(spec)

    def edit_spec(self, spec: ExperimentSpec, settings: Mapping[str, Any], label: str) -> None:
        """Edit an experiment with other settings: as one step of undo where it is the document, else in its place.

        Args:
            spec: The experiment, e.g. of a run.
            settings: The settings that differ, by path.
            label: What the undo menu calls it.
        """
        if self.document.data == spec_to_data(spec):
            self.document.set_many(settings, label)
            self.open_page("training")
        else:
            data = spec_to_data(spec)
            for path, value in settings.items():
                data = set_at(data, path, value)
            self.open_spec(spec_from_data(data))

    def say(self, text: str) -> None:
        """Show a passing message."""
        self.message.emit(text)

    def complain(self, error: Exception | str) -> None:
        """Show an error that has no place of its own on a page."""
        self.problem.emit(str(error))

    def run(self, refused: Failed | None = None) -> bool:
        """Start a run of the document as it stands; whether it is valid.

        Args:
            refused: Told why a valid document cannot run on this machine and its data; ``problem`` without it.
        """
        if self.document.problems or self.document.spec is None:
            return False
        self.queue.start(self.document.spec, refused=refused)
        return True

    def request_study(self, seeds: Iterable[int], *, baselines: bool, together: bool = False) -> None:
        """Ask the window to run a study of the document; see :meth:`run_study`."""
        self.studyRequested.emit(list(seeds), baselines, together)

    def run_study(
        self, seeds: Sequence[int], *, baselines: bool, together: bool = False, refused: Failed | None = None
    ) -> bool:
        """Start a study of the document as it stands; whether it is valid.

        Args:
            seeds: A run of all tasks for each.
            baselines: Whether every task is trained alone too.
            together: Whether the seeds are trained in one loop.
            refused: Told why a valid document cannot run as a study; ``problem`` without it.
        """
        if self.document.problems or self.document.spec is None:
            return False
        try:
            members = study_members(self.document.spec, seeds, baselines=baselines)
        except InputError as error:
            (refused or self._tell)(error)
            return False
        self.queue.start_study(members, together=together, refused=refused)
        return True

    def compare_study(self, study: int) -> None:
        """Show on Compare the runs of a study that train all tasks; the page judges them by the others."""

        def read(store: "RunStore") -> list[int]:
            return sorted(record.id for record in store.runs(archived=True, query=f"study:{study} baseline:none"))

        def show(runs: list[int]) -> None:
            self.compare(runs)
            self.open_page("compare")

        self.store.call(read, show, self._tell)

    def device_label(self) -> str:
        """The device that the document's next run will use, in a person's words; ``""`` until it is known."""
        wanted = self.document.data.get("training", {}).get("device", "auto")
        if not self.devices:
            return ""
        if wanted == "auto":
            best = [one for one in self.devices if one.name.startswith("cuda")] or self.devices
            return best[0].label
        return next((one.label for one in self.devices if one.name == wanted), str(wanted))

    def _tell(self, error: Exception) -> None:
        self.problem.emit(str(error))

    def _adopt_active(self) -> None:
        """With nothing on Live yet, show the run that is on."""
        active = self.queue.active
        if self.live_run is None and active is not None:
            self.show_live(active.id)

    def _follow_study(self, record: "RunRecord") -> None:
        """When the run on Live is over, go on with the next of its study."""
        if record.id == self.live_run:
            self._live_study = record.study
        elif (
            record.state == "running"
            and record.study is not None
            and record.study == self._live_study
            and all(one.id != self.live_run for one in self.queue.live_runs)
        ):
            self.show_live(record.id)
            self._live_study = record.study

    def _document_changed(self) -> None:
        self._ask_soon.start()

    def _ask(self) -> None:
        dataset = self.document.data.get("dataset")
        if dataset != self._asked_dataset:
            self._asked_dataset = dataset
            self.dataset_descriptions.request(dataset, self._have_dataset, self._no_dataset, key="dataset")
        spec = self.document.spec
        if spec is None or self.document.problems:
            return
        asked = {name: value for name, value in spec_to_data(spec).items() if name in ("dataset", "tasks", "model")}
        if asked != self._asked_model:
            self._asked_model = asked
            self.worker.ask(ModelQuestion(spec=spec_to_data(spec)), self._have_model, self._no_model, key="model")

    def _have_devices(self, devices: list[DeviceInfo]) -> None:
        self.devices = devices
        self.devicesChanged.emit()

    def _have_dataset(self, _info: DatasetInfo) -> None:
        self.dataset_error = None
        self.datasetInfoChanged.emit()

    def _no_dataset(self, error: Exception) -> None:
        self.dataset_error = error
        self._asked_dataset = None
        self.datasetInfoChanged.emit()

    def _have_model(self, info: ModelInfo) -> None:
        self.model_info, self.model_error = info, None
        self.modelInfoChanged.emit()

    def _no_model(self, error: Exception) -> None:
        self.model_info, self.model_error = None, error
        self._asked_model = None
        self.modelInfoChanged.emit()
