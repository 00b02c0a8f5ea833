"""The session: the document, worker, store and run queue that all pages share."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.document import Document
from app.jobs import (
    DatasetDescriptions,
    Failed,
    NewestRecords,
    RunFollower,
    RunQueue,
    StoreService,
    StudyProgress,
    Worker,
)
from app.jobs.store.queue_queries import read_study_runs
from app.navigation import Page
from app.settings import Settings
from mtl_core.plugins import plugin_problems
from mtl_core.protocol.questions import DevicesQuestion, ModelQuestion
from mtl_core.spec import (
    DatasetInfo,
    DeviceInfo,
    ExperimentSpec,
    InputError,
    ModelInfo,
    StudyRun,
    fold_members,
    method_members,
    set_at,
    spec_from_data,
    spec_to_data,
    study_members,
)

if TYPE_CHECKING:
    from mtl_core.store import RunRecord

MOST_COMPARED = 60
"""Most runs on Compare, as all points of all of them are kept in memory."""

_DEBOUNCE_MS = 40
_DATASET_KEY, _MODEL_KEY = "dataset", "model"
"""Of the questions about the document's data set and model."""
"""After the last edit of a burst, before the worker is asked about the document."""


class Session(QObject):
    """One document, one worker, one store with its run queue; pages share them and never reach each other.

    ``pageRequested(str)``, ``specRequested(ExperimentSpec)``, ``studyRequested(seeds, baselines, together)`` and
    ``foldStudyRequested(baselines)`` ask the
    window to show a page, to edit a spec and to run a study; ``methodsRequested(methods, seeds, baselines)`` to compare
    weighting methods, and ``methodChoiceRequested()`` the Training page to choose them. It shows each ``message(str)``
    and ``problem(str)``.

    Attributes:
        records: The run records read last.
        dataset_descriptions: Descriptions of data sets.
        devices: The devices to train on; empty before the worker has answered.
        dataset_error: Why the document's data set could not be described.
        model_info: The description of the document's model; None before the worker has answered.
        model_error: Why the document's model could not be described.
        live_run: The run that Live shows.
        evaluated_run: The run that was chosen for Evaluate.
        predicting_runs: The runs that were chosen for Predict.
        compared: The runs that Compare shows.
        groups_compared: Whether Compare is to show their groups of seeds rather than each run.
        study_progress: How far the studies are.
        confirm_replace: Asks the user whether unsaved edits may be replaced; the window sets it.

    Args:
        store: Path or URL of the store; None for the default one.
        worker: The worker to ask.
        service: The service of the store.
        settings: The settings of the window.
        parent: Owner.
    """

    pageRequested = Signal(object)
    liveRunChanged = Signal(int)
    compareChanged = Signal(list)
    evaluatedRunChanged = Signal(int)
    predictingRunsChanged = Signal(list)
    message = Signal(str)
    problem = Signal(str)
    specRequested = Signal(object)
    studyRequested = Signal(list, bool, bool)
    foldStudyRequested = Signal(bool)
    methodsRequested = Signal(list, list, bool)
    methodChoiceRequested = Signal()
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
        self.study_progress = StudyProgress(self.queue, self.store, self)
        self.confirm_replace: Callable[[str], bool] = lambda _what: True
        self.records = NewestRecords(self)
        self.devices: list[DeviceInfo] = []
        self.dataset_descriptions = DatasetDescriptions(self.worker)
        self.dataset_error: Exception | None = None
        self.model_info: ModelInfo | None = None
        self.model_error: Exception | None = None
        self.live_run: int | None = None
        self._live_study: int | None = None
        self.evaluated_run: int | None = None
        self.predicting_runs: list[int] = []
        self.compared: list[int] = []
        self.groups_compared = False
        self._requested_dataset: Any = None
        self._requested_model: Any = None
        self._question_timer = QTimer(self, singleShot=True, interval=_DEBOUNCE_MS)
        self._question_timer.timeout.connect(self._ask_worker)
        self.document.changed.connect(lambda _paths: self._question_timer.start())
        self.queue.created.connect(self.show_live)
        self.queue.runChanged.connect(self.records.put)
        self.queue.runChanged.connect(self._follow_study)
        self.queue.failed.connect(self.show_error)
        self.store.failed.connect(self.show_error)

    @property
    def dataset_info(self) -> DatasetInfo | None:
        """The description of the document's data set; None before the worker has described it."""
        return self.dataset_descriptions.get(self.document.data.get("dataset"))

    @property
    def controlled_run(self) -> "RunRecord | None":
        """The run that Pause and Stop in the top bar apply to; see ``app/jobs/runs/controlled_run.py``."""
        return self.queue.controlled_run(self.live_run)

    def start(self) -> None:
        """Start the worker, ask it for devices, find active runs, and report plugins that could not be loaded."""
        self.queue.activeChanged.connect(self._show_active_run)
        self.worker.ask(DevicesQuestion(), self._on_devices, self.show_error)
        self.queue.attach()
        self._question_timer.start()
        for problem in plugin_problems():
            self.show_error(str(problem))

    def close(self) -> None:
        """End the worker and the threads; runs that train continue."""
        self._question_timer.stop()
        self.queue.close()
        self.worker.close()
        self.store.close()
        self.settings.sync()

    def follower(self, parent: QObject) -> RunFollower:
        """Make a follower of a run of this store, owned by ``parent``."""
        follower = RunFollower(self.store, parent)
        follower.record.connect(self.records.put)
        return follower

    def open_page(self, page: Page) -> None:
        """Ask the window to show ``page``."""
        self.pageRequested.emit(page)

    def show_live(self, run: int) -> None:
        """Show ``run`` on Live."""
        if run != self.live_run:
            self.live_run, self._live_study = run, None
            self.liveRunChanged.emit(run)

    def evaluate(self, run: int) -> None:
        """Show ``run`` on Evaluate."""
        self.evaluated_run = run
        self.evaluatedRunChanged.emit(run)

    def predict_with(self, runs: Iterable[int]) -> None:
        """Choose ``runs`` on Predict, several for their mean."""
        self.predicting_runs = list(runs)
        self.predictingRunsChanged.emit(self.predicting_runs)

    def compare(self, runs: Iterable[int], *, groups: bool = False) -> None:
        """Show ``runs`` on Compare, ``groups`` for their groups of seeds rather than each run."""
        self.compared, self.groups_compared = list(runs), groups
        self.compareChanged.emit(self.compared)

    def open_spec(self, spec: ExperimentSpec) -> None:
        """Ask the window to edit ``spec`` instead of the document, which may have unsaved edits."""
        self.specRequested.emit(spec)

    def edit_spec(self, spec: ExperimentSpec, settings: Mapping[str, Any], label: str) -> None:
        """Edit an experiment with other settings: as one undo step if it is the document, else instead of the document.

        Args:
            spec: The experiment, e.g. of a run.
            settings: The settings that differ, by path.
            label: What the undo menu calls it.
        """
        if self.document.data == spec_to_data(spec):
            self.document.set_many(settings, label)
            self.open_page(Page.TRAINING)
        else:
            data = spec_to_data(spec)
            for path, value in settings.items():
                data = set_at(data, path, value)
            self.open_spec(spec_from_data(data))

    def show_message(self, text: str) -> None:
        """Show a message for a few seconds."""
        self.message.emit(text)

    def show_error(self, error: Exception | str) -> None:
        """Show an error that belongs to no field or page."""
        self.problem.emit(str(error))

    def run(self, refused: Failed | None = None) -> bool:
        """Start a run of the document; return False if the document is not valid.

        Args:
            refused: Called with the reason why a valid document cannot run on this machine and its data; ``problem``
                without it.
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
        """Start a study of the document; return False if the document is not valid or has no such study.

        Args:
            seeds: The seeds; each is a run of all tasks.
            baselines: Whether every task is trained alone too.
            together: Whether the seeds are trained in one loop.
            refused: Called with the reason why a valid document cannot run as a study; ``problem`` without it.
        """
        return self._run_members(
            lambda spec: study_members(spec, seeds, baselines=baselines), together=together, refused=refused
        )

    def request_fold_study(self, *, baselines: bool) -> None:
        """Ask the window to run a study of all folds of the document's split; see :meth:`run_fold_study`."""
        self.foldStudyRequested.emit(baselines)

    def run_fold_study(self, *, baselines: bool, refused: Failed | None = None) -> bool:
        """Start a study in which each fold is the test once; return False if the document is not valid or has no folds.

        Args:
            baselines: Whether every task is trained alone too.
            refused: As of :meth:`run_study`.
        """
        return self._run_members(lambda spec: fold_members(spec, baselines=baselines), together=False, refused=refused)

    def request_methods(self, methods: Iterable[str], seeds: Iterable[int], *, baselines: bool) -> None:
        """Ask the window to compare weighting methods; see :meth:`run_methods`."""
        self.methodsRequested.emit(list(methods), list(seeds), baselines)

    def run_methods(
        self, methods: Sequence[str], seeds: Sequence[int], *, baselines: bool, refused: Failed | None = None
    ) -> bool:
        """Start a study of the document with several weighting methods; return False if it is not valid for them.

        Args:
            methods: Kinds of the methods.
            seeds: The seeds of each.
            baselines: Whether every task is trained alone too.
            refused: As of :meth:`run_study`.
        """
        return self._run_members(
            lambda spec: method_members(spec, methods, seeds, baselines=baselines), together=False, refused=refused
        )

    def _run_members(
        self, members_of: Callable[[ExperimentSpec], Sequence[StudyRun]], *, together: bool, refused: Failed | None
    ) -> bool:
        if self.document.problems or self.document.spec is None:
            return False
        try:
            members = members_of(self.document.spec)
        except InputError as error:
            (refused or self.show_error)(error)
            return False
        self.queue.start_study(members, together=together, refused=refused)
        return True

    def compare_study(self, study: int) -> None:
        """Show on Compare the runs of a study that train all tasks; the page compares them with the baselines.

        Where they have several weighting methods, the baselines are shown too, and all in groups of seeds.
        """

        def show(found: tuple[list[int], bool]) -> None:
            runs, several = found
            self.compare(runs, groups=several)
            self.open_page(Page.COMPARE)

        self.store.call(lambda store: read_study_runs(store, study), show, self.show_error)

    def device_label(self) -> str:
        """The label of the device that the document's next run will use; ``""`` until the devices are known."""
        name = self.document.data.get("training", {}).get("device", "auto")
        if not self.devices:
            return ""
        if name == "auto":
            best = [device for device in self.devices if device.name.startswith("cuda")] or self.devices
            return best[0].label
        return next((device.label for device in self.devices if device.name == name), str(name))

    def _show_active_run(self) -> None:
        """Show the active run on Live, unless a run is shown there."""
        active = self.queue.active
        if self.live_run is None and active is not None:
            self.show_live(active.id)

    def _follow_study(self, record: "RunRecord") -> None:
        """When the run on Live has ended, show the next run of its study."""
        if record.id == self.live_run:
            self._live_study = record.study
        elif (
            record.state == "running"
            and record.study is not None
            and record.study == self._live_study
            and all(live.id != self.live_run for live in self.queue.live_runs)
        ):
            self.show_live(record.id)
            self._live_study = record.study

    def stop_reading(self) -> None:
        """Give up reading all rows of the document's data set; the rows that are read already stay described."""
        for key in (_DATASET_KEY, _MODEL_KEY):
            self.worker.cancel(key)

    def _ask_worker(self) -> None:
        dataset = self.document.data.get("dataset")
        if dataset != self._requested_dataset:
            self._requested_dataset = dataset
            self.dataset_descriptions.request(
                dataset, self._on_dataset_described, self._on_dataset_error, key=_DATASET_KEY
            )
        spec = self.document.spec
        if spec is None or self.document.problems:
            return
        data = spec_to_data(spec)
        parts = {name: data[name] for name in ("dataset", "tasks", "model")}
        if parts != self._requested_model:
            self._requested_model = parts
            self.worker.ask(ModelQuestion(spec=data), self._on_model_described, self._on_model_error, key=_MODEL_KEY)

    def _on_devices(self, devices: list[DeviceInfo]) -> None:
        self.devices = devices
        self.devicesChanged.emit()

    def _on_dataset_described(self, _info: DatasetInfo) -> None:
        self.dataset_error = None
        self.datasetInfoChanged.emit()

    def _on_dataset_error(self, error: Exception) -> None:
        self.dataset_error = error
        self._requested_dataset = None
        self.datasetInfoChanged.emit()

    def _on_model_described(self, info: ModelInfo) -> None:
        self.model_info, self.model_error = info, None
        self.modelInfoChanged.emit()

    def _on_model_error(self, error: Exception) -> None:
        self.model_info, self.model_error = None, error
        self._requested_model = None
        self.modelInfoChanged.emit()
