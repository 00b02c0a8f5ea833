"""From a run's row in the store to its end."""

import os
import signal
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import torch

from mtl_core.datasets.preparation import load, load_again
from mtl_core.errors import StoreError, WorkbenchError, environment_fault, shorten
from mtl_core.runner.isolation import isolated_run
from mtl_core.runner.store_recorder import Heart, Observer, StoreRecorder, record_notes
from mtl_core.spec import ExperimentSpec, InputError, WeightMove
from mtl_core.spec.training.continual import NewHeads
from mtl_core.spec.training.initial_weights import FromFile, FromRun, Scratch
from mtl_core.store import EventRecord, RunStore
from mtl_core.training.loop import Outcome, Trainer
from mtl_core.training.metrics.step_buffer import DivergedError
from mtl_core.training.persistence.checkpoints import Checkpoint
from mtl_core.training.runtime.devices import choose_device, devices, versions


@dataclass(frozen=True)
class Ending:
    """How an execution ended.

    Attributes:
        state: ``finished``, ``stopped`` or ``failed``.
        error: Why it failed, one line.
        fault: The same where the input, the store or the surroundings were at fault, not the training.
        test: Test metrics by task.
    """

    state: Literal["finished", "stopped", "failed"]
    error: str = ""
    fault: WorkbenchError | None = None
    test: dict[str, dict[str, float]] | None = None


def execute(
    store: RunStore, run: int, *, observer: Observer | None = None, stop: threading.Event | None = None
) -> Ending:
    """Train a run that is queued, or go on with one that was stopped or interrupted.

    Args:
        store: Where its row is.
        run: Its number.
        observer: Told of each progress report.
        stop: Set from outside to stop it and keep what it has.

    Returns:
        How it ended; the same stands in the store. What goes wrong in the run is told there, never raised.

    Raises:
        InputError: There is no such run, a live process has it, or it cannot go on; it is left as it was.
    """
    spec = store.spec(run)
    device = device_label(spec)
    check_resume(store, run)
    store.claim(run, pid=os.getpid(), host=socket.gethostname(), device=device, versions=versions(spec))
    stop = stop or threading.Event()
    recorder = StoreRecorder(store, run, stop, observer)
    try:
        with Heart(recorder, run), signals(stop), isolated_run(compiles=spec.training.compile):
            ending = ended(store, run, ending_of(recorder, partial(_train, store, run, spec, recorder)))
    except KeyboardInterrupt:  # a second one, by someone who will not wait
        store.finish(run, "interrupted")
        raise
    return ending


def check_resume(store: RunStore, run: int) -> None:
    """See that a run can be trained, or can go on from its checkpoint if it has one; nothing is changed.

    Raises:
        InputError: There is no such run, it has finished, is being trained or has diverged, its data or device is
            gone, or the data has changed.
        StoreError: Its checkpoint is not whole, or of another model, or its series are damaged.
    """
    store.check_free(run)
    _check_diverged(store, run)
    store.read(run)  # damage would otherwise be found when the points are merged, after all the training
    folder = store.artifacts_dir(run)
    if _checkpoints(folder)[0]:
        _trainer(store, run, store.spec(run), StoreRecorder(store, run, threading.Event()))


def _check_diverged(store: RunStore, run: int) -> None:
    """See that a run did not end with a loss that is not a number, to which its checkpoint leads again."""
    ends = [event for event in store.events(run) if event.kind in ("start", "nan")]
    if store.run(run).state == "failed" and ends and ends[-1].kind == "nan":
        fix = "Run its experiment anew with a lower learning rate, clipped gradients or other loss weights."
        rule = f"has diverged at step {ends[-1].step} and would do so again: it goes on from the same numbers"
        raise InputError(f"run {run}", rule, fix=fix)


def ended(store: RunStore, run: int, ending: Ending) -> Ending:
    """Write how a run ended; when the store cannot take that, it stays the run of a dead process: interrupted."""
    try:
        store.finish(run, ending.state, error=ending.error)
    except WorkbenchError as error:
        return ending if ending.error else Ending("failed", str(error), error)
    with suppress(WorkbenchError):  # it only makes the run faster to read
        store.merge(run)
    return ending


def ending_of(recorder: StoreRecorder, train: Callable[[], Outcome]) -> Ending:
    """How training ended; what went wrong is told to the recorder."""
    try:
        outcome = train()
    except WorkbenchError as error:
        return _faulty(recorder, error)
    except DivergedError as error:
        return Ending("failed", f"{error}. {_advice(error)}; the last good checkpoint is kept.")
    except Exception as error:  # whatever it was, the run's row must say so
        if fault := environment_fault(error):
            return _faulty(recorder, fault)
        text = shorten(f"{type(error).__name__}: {error}", 500)
        recorder.event(recorder.step, "error", text, {"traceback": traceback.format_exc()})
        return Ending("failed", text)
    recorder.event(outcome.steps, "stop" if outcome.state == "stopped" else "finish", _epitaph(outcome))
    return Ending(outcome.state, test=outcome.test)


def _faulty(recorder: StoreRecorder, error: WorkbenchError) -> Ending:
    with suppress(WorkbenchError):  # a full disk keeps this from being written too
        recorder.event(recorder.step, "error", str(error))
    return Ending("failed", str(error), error)


def _advice(error: DivergedError) -> str:
    """What may help, by what the task weighs in the run: a weight of 0 cannot be lowered, and is no cure.

    The loss of a task without weight follows the shared layers, which the other tasks move.
    """
    if error.weight == 0:
        return (
            f"Its weight is 0 already, so that its head does not learn; a smaller learning rate or gradient clipping "
            f"may help, or leaving task {error.task!r} out"
        )
    return "A smaller learning rate, gradient clipping or other loss weights may help"


def _train(store: RunStore, run: int, spec: ExperimentSpec, recorder: StoreRecorder) -> Outcome:
    trainer, goes_on = _trainer(store, run, spec, recorder)
    label = device_label(spec)
    store.set_fingerprint(run, trainer.data.fingerprint)
    if goes_on:
        # A step's training points stand at its number; what was validated after S steps stands at S.
        store.rewind(run, {"train": trainer.step - 1, "val": trainer.step, "test": -1})
        recorder.event(trainer.step, "start", f"goes on from step {trainer.step} on {label}")
    else:
        store.rewind(run, -1)
        recorder.event(0, "start", f"{len(trainer.data.train.inputs)} training rows on {label}")
        record_notes(recorder, trainer.data.notes)
        if trainer.taken:
            recorder.event(0, "start", trainer.taken)
    return trainer.run()


def _trainer(store: RunStore, run: int, spec: ExperimentSpec, recorder: StoreRecorder) -> tuple[Trainer, bool]:
    """What trains a run, put back to its last checkpoint if it has one; whether it has."""
    device = choose_device(spec.training.device)
    folder = store.artifacts_dir(run)
    last, best = _checkpoints(folder, device)
    data = load_again(spec.dataset, spec.tasks) if last else load(spec.dataset, spec.tasks)
    start = None if last else start_of(store, spec)
    trainer = Trainer(spec, data, device, recorder, folder, _hand_moves(store.events(run)), start)
    if last:
        trainer.restore(last, best)
    return trainer, last is not None


def start_of(store: RunStore, spec: ExperimentSpec) -> Path | None:
    """The file that the shared layers begin with.

    Raises:
        InputError: There is no such run, it has saved no model, or its tasks are to be kept and it has not ended.
    """
    match spec.training.start_from:
        case FromRun(run=other):
            state = store.run(other).state
            if state not in ("finished", "stopped") and not isinstance(spec.training.keep, NewHeads):
                rule = f"run {other} must have ended before its tasks can be kept"
                fix = f"mtl-workbench resume {other}"
                raise InputError("training.start_from.run", rule, found=state, fix=fix)
            return checkpoint_of(store, other)
        case FromFile(path=path):
            return Path(path)
        case Scratch():
            return None


def _checkpoints(folder: Path, device: torch.device | str = "cpu") -> tuple[Checkpoint | None, Checkpoint | None]:
    """The last and the best checkpoint of a run, as far as there are any.

    Raises:
        StoreError: One is not whole.
        EnvironmentFault: One may not be read.
    """
    paths = (folder / "last.safetensors", folder / "best.safetensors")
    last, best = (Checkpoint.load(path, device) if path.exists() else None for path in paths)
    return last, best


def device_label(spec: ExperimentSpec) -> str:
    """What the run's device is called; the name in the spec when there is no such device."""
    try:
        name = str(choose_device(spec.training.device))
    except InputError:
        return spec.training.device
    return next(device.label for device in devices() if device.name == name)


def _hand_moves(events: list[EventRecord]) -> list[WeightMove]:
    """The weight moves made by hand so far, which a resumed run must make again after its checkpoint.

    Of several at one step the last is the one that held; a run that was resumed has made some of them twice.
    """
    moves = [event.data for event in events if event.kind == "weights" and not event.data.get("replayed")]
    last = {move["step"]: WeightMove(step=move["step"], weights=move["weights"]) for move in moves}
    return list(last.values())


def _epitaph(outcome: Outcome) -> str:
    scores = (f"{task} {name} {value:.4g}" for task, m in outcome.test.items() for name, value in m.items())
    return f"{outcome.state} after {outcome.steps} steps; test: " + ", ".join(scores)


@contextmanager
def signals(stop: threading.Event) -> Iterator[None]:
    """A first interrupt or termination asks the run to stop and keep what it has; a second one is not held up.

    One that is ignored, as in the background of a shell, stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, previous[signal.Signals(number)])

    heard = [s for s in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(s) is not signal.SIG_IGN]
    previous: dict[signal.Signals, Any] = {s: signal.signal(s, ask) for s in heard}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def checkpoint_of(store: RunStore, run: int) -> Path:
    """The file of a run's best model, else of its last.

    Raises:
        InputError: The run has saved none.
        StoreError: What it saved is gone.
    """
    folder = store.artifacts_dir(run)
    for name in ("best", "last"):
        if (folder / f"{name}.safetensors").exists():
            return folder / f"{name}.safetensors"
    if any(artifact.kind.startswith("checkpoint:") for artifact in store.artifacts(run)):
        fix = "Put a copy back, or run the experiment again."
        raise StoreError(f"run {run}", f"its checkpoints in {folder} are gone", fix=fix)
    raise InputError(f"run {run}", "has no checkpoint", fix="Resume it or run it again.")
