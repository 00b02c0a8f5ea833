"""Several runs trained in one loop: each has its own row, series, events, checkpoints and ending."""

import os
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from mtl_core.architectures import build_model
from mtl_core.datasets.data import TaskData
from mtl_core.datasets.preparation import load
from mtl_core.runner.execution import Ending, device_label, ended, ending_of, signals, start_of
from mtl_core.runner.isolation import isolated_run
from mtl_core.runner.store_recorder import Heart, Observer, StoreRecorder, record_notes
from mtl_core.spec import ExperimentSpec, InputError
from mtl_core.store import RunStore
from mtl_core.tasks import build_task
from mtl_core.training.batching.batches import fits, split_bytes
from mtl_core.training.joint.joint_trainer import Lane, Together, check_together
from mtl_core.training.joint.stacked_model import check_stackable
from mtl_core.training.loop import Outcome
from mtl_core.training.runtime.devices import choose_device, versions


def check_runs(specs: Sequence[ExperimentSpec]) -> None:
    """See that some experiments can be trained together, before there are runs of them.

    Raises:
        InputError: They cannot, and why.
    """
    check_together(specs)
    spec = specs[0]
    data = load(spec.dataset, spec.tasks)
    tasks = [build_task(task, data.targets[task.name]) for task in spec.tasks]
    model = build_model(spec.model, data.input_shape, {task.name: task.out_features for task in tasks})
    check_stackable(model, tasks, data.train)


def execute_together(
    store: RunStore,
    runs: Sequence[int],
    *,
    observer: Observer | None = None,
    stop: threading.Event | None = None,
) -> list[Ending]:
    """Train some runs that are queued in one loop.

    Each is kept as if it had been trained alone, and goes on alone when it is resumed. Stopping one stops all; one
    that ends early stands as running until the last one has ended.

    Args:
        store: Where their rows are.
        runs: Their numbers; they differ in seed or hand-set loss weights only.
        observer: Told of the progress of the first of them.
        stop: Set from outside to stop them and keep what they have.

    Returns:
        How each ended; the same stands in the store. What goes wrong in training is told there, never raised.

    Raises:
        InputError: There is no such run, a live process has it, or it has been trained before; all are left as they
            were.
    """
    specs = [store.spec(run) for run in runs]
    for run in runs:
        store.check_free(run)
        if (store.artifacts_dir(run) / "last.safetensors").exists():
            raise InputError(f"run {run}", "a run that goes on is trained alone", fix=f"mtl-workbench resume {run}")
    for run, spec in zip(runs, specs, strict=True):
        label = device_label(spec)
        store.claim(run, pid=os.getpid(), host=socket.gethostname(), device=label, versions=versions(spec))
    stop = stop or threading.Event()
    recorders = [StoreRecorder(store, run, stop, None if i else observer) for i, run in enumerate(runs)]
    try:
        with ExitStack() as stack:
            for recorder, run in zip(recorders, runs, strict=True):
                stack.enter_context(Heart(recorder, run))
            stack.enter_context(signals(stop))
            stack.enter_context(isolated_run(compiles=any(spec.training.compile for spec in specs)))
            results = _results(store, runs, specs, recorders)
            pairs = zip(runs, recorders, results, strict=True)
            endings = [ended(store, run, ending_of(recorder, result)) for run, recorder, result in pairs]
    except KeyboardInterrupt:  # a second one, by someone who will not wait
        for run in runs:
            store.finish(run, "interrupted")
        raise
    return endings


def _results(
    store: RunStore, runs: Sequence[int], specs: Sequence[ExperimentSpec], recorders: Sequence[StoreRecorder]
) -> list[Callable[[], Outcome]]:
    """For each run what gives its outcome, or raises what went wrong: with one run, or with all."""
    try:
        found = Together(_lanes(store, runs, specs, recorders)).run()
    except Exception as error:  # whatever it was, each run's row must say so
        return [partial(_outcome, error)] * len(runs)
    return [partial(_outcome, result) for result in found]


def _outcome(result: Outcome | Exception) -> Outcome:
    if isinstance(result, Exception):
        raise result
    return result


def _lanes(
    store: RunStore, runs: Sequence[int], specs: Sequence[ExperimentSpec], recorders: Sequence[StoreRecorder]
) -> list[Lane]:
    check_together(specs)
    device = choose_device(specs[0].training.device)
    data = load(specs[0].dataset, specs[0].tasks)
    if fits(split_bytes({"train": data.train, "val": data.val, "test": data.test}), device):
        data = data.to(device)  # once for all
    lanes = []
    for run, spec, recorder in zip(runs, specs, recorders, strict=True):
        lanes.append(Lane(spec, data, device, recorder, store.artifacts_dir(run), (), start_of(store, spec)))
        _tell_start(store, run, [other for other in runs if other != run], data, lanes[-1])
    return lanes


def _tell_start(store: RunStore, run: int, others: Sequence[int], data: TaskData, lane: Lane) -> None:
    store.set_fingerprint(run, data.fingerprint)
    store.rewind(run, -1)
    rows, label = len(data.train.inputs), device_label(lane.spec)
    text = f"{rows} training rows on {label}, together with {', '.join(f'run {other}' for other in others)}"
    lane.recorder.event(0, "start", text)
    record_notes(lane.recorder, data.notes)
    if lane.taken:
        lane.recorder.event(0, "start", lane.taken)
