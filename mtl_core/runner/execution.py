"""Executes a run of the store: claims it, trains or resumes it, and stores how it ended."""

import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from mtl_core.analysis.divergence import divergence_event
from mtl_core.datasets.preparation import load, load_again
from mtl_core.errors import WorkbenchError, environment_fault, shorten
from mtl_core.protocol.events import ErrorData, ErrorEvent, FinishEvent, StartEvent, StopEvent
from mtl_core.protocol.states import RESULT_STATES, TrainingEndState
from mtl_core.runner.isolation import isolated_run
from mtl_core.runner.reading_report import recorded_reading
from mtl_core.runner.replay import weight_moves
from mtl_core.runner.reviewed_copy import keep_reviewed_list, with_kept_list
from mtl_core.runner.saved_models import best_checkpoint_path
from mtl_core.runner.stop_signals import stop_on_signal
from mtl_core.runner.store_recorder import Heartbeat, Observer, StoreRecorder, record_notes
from mtl_core.spec import ExperimentSpec, InputError
from mtl_core.spec.training.continual import NewHeads
from mtl_core.spec.training.initial_weights import FromFile, FromRun, Scratch
from mtl_core.store import RunStore
from mtl_core.training.batching.row_order import describe_mix
from mtl_core.training.metrics.step_buffer import DivergedError
from mtl_core.training.persistence.checkpoints import Checkpoint, checkpoint_path
from mtl_core.training.request_handler import StoppedError
from mtl_core.training.runtime.devices import choose_device, list_devices, versions
from mtl_core.training.trainer import Trainer
from mtl_core.training.training_run import TrainingResult, TrainingRun, prepare_run


@dataclass(frozen=True)
class RunResult:
    """Result of an execution.

    Attributes:
        state: ``finished``, ``stopped`` or ``failed``.
        error: Reason of a failure, on one line.
        fault: The error if the input, the store or the environment caused the failure, not the training.
        test: Test metrics by task.
    """

    state: TrainingEndState
    error: str = ""
    fault: WorkbenchError | None = None
    test: dict[str, dict[str, float]] | None = None


def execute(
    store: RunStore, run: int, *, observer: Observer | None = None, stop: threading.Event | None = None
) -> RunResult:
    """Train a queued run, or resume one that was stopped or interrupted.

    Args:
        store: The store.
        run: Number of the run.
        observer: Called with each progress report.
        stop: Event that stops the run and keeps its results.

    Returns:
        The result, which is in the store too. Errors during training are stored, not raised.

    Raises:
        InputError: There is no such run, another process trains it, or it cannot be resumed; it is not changed.
    """
    spec = store.spec(run)
    check_resume(store, run)
    claim_run(store, run, spec)
    stop = stop or threading.Event()
    recorder = StoreRecorder(store, run, stop, observer)
    try:
        with Heartbeat(recorder, run), stop_on_signal(stop), isolated_run(compiles=spec.training.compile):
            result = finish_run(store, run, run_training(recorder, partial(_train, store, run, spec, recorder)))
    except KeyboardInterrupt:  # second interrupt: do not wait for the checkpoint
        store.finish(run, "interrupted")
        raise
    return result


def claim_run(store: RunStore, run: int, spec: ExperimentSpec) -> None:
    """Claim a run for this process.

    Raises:
        InputError: It has finished, or another living process trains it.
    """
    store.claim(run, device=device_label(spec), versions=versions(spec))


def check_resume(store: RunStore, run: int) -> None:
    """Check that a run can be trained, or resumed if it has a checkpoint; changes nothing.

    Raises:
        InputError: There is no such run, it has finished, is being trained or has diverged, its data or device is
            missing, or the data has changed.
        StoreError: Its checkpoint is damaged or of another model, or its series are damaged.
    """
    store.check_free(run)
    _check_diverged(store, run)
    store.read(run)  # else damage would only be detected when the points are merged, after the training
    folder = store.artifacts_dir(run)
    if _load_checkpoints(folder)[0]:
        _prepare_run(
            store, run, with_kept_list(store, run, store.spec(run)), StoreRecorder(store, run, threading.Event())
        )


def _check_diverged(store: RunStore, run: int) -> None:
    """Check that a run did not diverge: resumed from its checkpoint, it would diverge again."""
    event = divergence_event(store.run(run), store.events(run))
    if event is not None:
        fix = "Run its experiment anew with a lower learning rate, clipped gradients or other loss weights."
        rule = f"has diverged at step {event.step} and would do so again: resuming repeats the same steps"
        raise InputError(f"run {run}", rule, fix=fix)


def finish_run(store: RunStore, run: int, result: RunResult) -> RunResult:
    """Store the result of a run; if that fails, the run counts as interrupted, like one whose process died."""
    try:
        store.finish(run, result.state, error=result.error)
    except WorkbenchError as error:
        return result if result.error else RunResult("failed", str(error), error)
    with suppress(WorkbenchError):  # merging only makes the run faster to read
        store.merge(run)
    return result


def run_training(recorder: StoreRecorder, train: Callable[[], TrainingResult]) -> RunResult:
    """Run a training and return its result; errors become events."""
    try:
        result = train()
    except WorkbenchError as error:
        return _fail_with(recorder, error)
    except StoppedError:
        message = f"stopped after {recorder.step} steps, while the data were read"
        recorder.event(StopEvent(step=recorder.step, message=message))
        return RunResult("stopped")
    except DivergedError as error:
        return RunResult("failed", f"{error}. {_divergence_advice(error)}; the last good checkpoint is kept.")
    except Exception as error:  # any error must be stored with the run
        if fault := environment_fault(error):
            return _fail_with(recorder, fault)
        text = shorten(f"{type(error).__name__}: {error}", 500)
        data = ErrorData(traceback=traceback.format_exc())
        recorder.event(ErrorEvent(step=recorder.step, message=text, data=data))
        return RunResult("failed", text)
    end_event = StopEvent if result.state == "stopped" else FinishEvent
    recorder.event(end_event(step=result.steps, message=_final_message(result)))
    return RunResult(result.state, test=result.test)


def _fail_with(recorder: StoreRecorder, error: WorkbenchError) -> RunResult:
    with suppress(WorkbenchError):  # a full disk prevents this event too
        recorder.event(ErrorEvent(step=recorder.step, message=str(error)))
    return RunResult("failed", str(error), error)


def _divergence_advice(error: DivergedError) -> str:
    """Return advice on divergence, which depends on the task's weight: a weight of 0 cannot be lowered.

    The loss of a task with weight 0 still changes with the shared layers, which other tasks train.
    """
    if error.weight == 0:
        return (
            f"Its weight is 0 already, so that its head does not learn; a smaller learning rate or gradient clipping "
            f"may help, or leaving task {error.task!r} out"
        )
    return "A smaller learning rate, gradient clipping or other loss weights may help"


def _train(store: RunStore, run: int, spec: ExperimentSpec, recorder: StoreRecorder) -> TrainingResult:
    with recorded_reading([recorder]):
        training_run, resumed = _prepare_run(store, run, keep_reviewed_list(store, run, spec), recorder)
    state = training_run.state
    if resumed:
        store.set_fingerprint(run, state.data.fingerprint)
        # Training points have the number of their step; validation points the number of steps done.
        store.rewind(run, {"train": state.step - 1, "val": state.step, "test": -1})
        text = f"resumed from step {state.step} on {device_label(spec)}"
        recorder.event(StartEvent(step=state.step, message=text))
    else:
        record_start(store, run, training_run)
    return Trainer(training_run).train()


def record_start(store: RunStore, run: int, training_run: TrainingRun, addition: str = "") -> None:
    """Store what is known of a run at its first step; ``addition`` is appended to the message of the event."""
    state, recorder = training_run.state, training_run.recorder
    store.set_fingerprint(run, state.data.fingerprint)
    store.rewind(run, -1)
    mix = describe_mix(state.spec.training.sampling, state.data.train, state.spec.tasks)
    text = f"{len(state.data.train)} training rows on {device_label(state.spec)}{addition}{mix and f'; {mix}'}"
    recorder.event(StartEvent(step=0, message=text))
    record_notes(recorder, state.data.notes)
    if state.initialization_summary:
        recorder.event(StartEvent(step=0, message=state.initialization_summary))


def _prepare_run(store: RunStore, run: int, spec: ExperimentSpec, recorder: StoreRecorder) -> tuple[TrainingRun, bool]:
    """Build a run, restored from its last checkpoint; return whether there was one."""
    device = choose_device(spec.training.device)
    folder = store.artifacts_dir(run)
    last, best = _load_checkpoints(folder, device)
    data = load_again(spec.dataset, spec.tasks) if last else load(spec.dataset, spec.tasks)
    initial_weights = None if last else initial_weights_path(store, spec)
    moves = weight_moves(store.events(run))
    training_run = prepare_run(spec, data, device, recorder, folder, moves=moves, initial_weights=initial_weights)
    if last:
        training_run.restore(last, best)
    return training_run, last is not None


def initial_weights_path(store: RunStore, spec: ExperimentSpec) -> Path | None:
    """Return the file that the shared layers are initialized from, or None.

    Raises:
        InputError: There is no such run, it has no checkpoint, or its tasks shall be kept and it has not ended.
    """
    match spec.training.start_from:
        case FromRun(run=source_run):
            state = store.run(source_run).state
            if state not in RESULT_STATES and not isinstance(spec.training.keep, NewHeads):
                rule = f"run {source_run} must have ended before its tasks can be kept"
                fix = f"mtl-workbench resume {source_run}"
                raise InputError("training.start_from.run", rule, found=state, fix=fix)
            return best_checkpoint_path(store, source_run)
        case FromFile(path=path):
            return Path(path)
        case Scratch():
            return None


def _load_checkpoints(folder: Path, device: torch.device | str = "cpu") -> tuple[Checkpoint | None, Checkpoint | None]:
    """Load the last and the best checkpoint of a run, None where missing.

    Raises:
        StoreError: One is damaged.
        EnvironmentFault: Permission to read one is missing.
    """
    paths = (checkpoint_path(folder, "last"), checkpoint_path(folder, "best"))
    last, best = (Checkpoint.load(path, device) if path.exists() else None for path in paths)
    return last, best


def device_label(spec: ExperimentSpec) -> str:
    """Return the label of the run's device, or the name in the spec if this machine lacks it."""
    try:
        name = str(choose_device(spec.training.device))
    except InputError:
        return spec.training.device
    return next(device.label for device in list_devices() if device.name == name)


def _final_message(result: TrainingResult) -> str:
    scores = (f"{task} {name} {value:.4g}" for task, metrics in result.test.items() for name, value in metrics.items())
    return f"{result.state} after {result.steps} steps; test: " + ", ".join(scores)
