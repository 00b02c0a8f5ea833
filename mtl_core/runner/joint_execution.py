"""Executes several runs of the store in one joint training; each has its own series, events and checkpoints."""

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from mtl_core.architectures import build_model
from mtl_core.datasets.preparation import load, load_outline
from mtl_core.runner.execution import (
    RunResult,
    claim_run,
    finish_run,
    initial_weights_path,
    record_start,
    run_training,
)
from mtl_core.runner.isolation import isolated_run
from mtl_core.runner.reading_report import recorded_reading
from mtl_core.runner.reviewed_copy import keep_reviewed_list
from mtl_core.runner.stop_signals import stop_on_signal
from mtl_core.runner.store_recorder import Heartbeat, Observer, StoreRecorder
from mtl_core.spec import ExperimentSpec, InputError
from mtl_core.store import RunStore
from mtl_core.tasks import build_task
from mtl_core.training.batching.batches import count_split_bytes, fits_on_device
from mtl_core.training.joint.compatibility import check_compatible_specs
from mtl_core.training.joint.joint_trainer import JointTrainer
from mtl_core.training.joint.stacked_model import check_stackable
from mtl_core.training.persistence.checkpoints import checkpoint_path
from mtl_core.training.runtime.devices import choose_device
from mtl_core.training.training_run import TrainingResult, TrainingRun, prepare_run


def check_joint_training(specs: Sequence[ExperimentSpec]) -> None:
    """Check that experiments can be trained together, before their runs are created.

    Raises:
        InputError: They cannot; the message has the reason.
    """
    check_compatible_specs(specs)
    spec = specs[0]
    data = load_outline(spec.dataset, spec.tasks)
    tasks = [build_task(task, data.targets[task.name]) for task in spec.tasks]
    model = build_model(spec.model, data.input_shapes, {task.name: task.out_features for task in tasks})
    check_stackable(model, tasks, data.train)


def execute_jointly(
    store: RunStore,
    runs: Sequence[int],
    *,
    observer: Observer | None = None,
    stop: threading.Event | None = None,
) -> list[RunResult]:
    """Train several queued runs in one loop.

    Each is stored as if it had been trained alone, and is resumed alone. Stopping one stops all; a run that ends early
    keeps the state running until all have ended.

    Args:
        store: The store.
        runs: Numbers of the runs, which differ only in seed or manual loss weights.
        observer: Called with the progress of the first run.
        stop: Event that stops the runs and keeps their results.

    Returns:
        The result of each run, which is in the store too. Errors during training are stored, not raised.

    Raises:
        InputError: There is no such run, another process trains it, or it was trained before; none is changed.
    """
    specs = [store.spec(run) for run in runs]
    for run in runs:
        store.check_free(run)
        if checkpoint_path(store.artifacts_dir(run), "last").exists():
            raise InputError(
                f"run {run}",
                "has been trained before and must be resumed alone",
                fix=f"mtl-workbench resume {run}",
            )
    for run, spec in zip(runs, specs, strict=True):
        claim_run(store, run, spec)
    stop = stop or threading.Event()
    recorders = [StoreRecorder(store, run, stop, None if i else observer) for i, run in enumerate(runs)]
    try:
        with ExitStack() as stack:
            for recorder, run in zip(recorders, runs, strict=True):
                stack.enter_context(Heartbeat(recorder, run))
            stack.enter_context(stop_on_signal(stop))
            stack.enter_context(isolated_run(compiles=any(spec.training.compile for spec in specs)))
            training_results = _train_jointly(store, runs, specs, recorders)
            pairs = zip(runs, recorders, training_results, strict=True)
            run_results = [finish_run(store, run, run_training(recorder, result)) for run, recorder, result in pairs]
    except KeyboardInterrupt:  # second interrupt: do not wait for the checkpoints
        for run in runs:
            store.finish(run, "interrupted")
        raise
    return run_results


def _train_jointly(
    store: RunStore, runs: Sequence[int], specs: Sequence[ExperimentSpec], recorders: Sequence[StoreRecorder]
) -> list[Callable[[], TrainingResult]]:
    """Train the runs; return for each a function that returns its result or raises its error."""
    try:
        results = JointTrainer(_prepare_runs(store, runs, specs, recorders)).train()
    except Exception as error:  # any error must be stored with each run
        return [partial(_unwrap_result, error)] * len(runs)
    return [partial(_unwrap_result, result) for result in results]


def _unwrap_result(result: TrainingResult | Exception) -> TrainingResult:
    if isinstance(result, Exception):
        raise result
    return result


def _prepare_runs(
    store: RunStore, runs: Sequence[int], specs: Sequence[ExperimentSpec], recorders: Sequence[StoreRecorder]
) -> list[TrainingRun]:
    check_compatible_specs(specs)
    device = choose_device(specs[0].training.device)
    with recorded_reading(recorders):
        first = keep_reviewed_list(store, runs[0], specs[0])
        for run in runs[1:]:
            keep_reviewed_list(store, run, first)
        data = load(first.dataset, first.tasks)
    if fits_on_device(count_split_bytes(data.splits), device):
        data = data.to(device)  # once for all
    training_runs = []
    for run, spec, recorder in zip(runs, specs, recorders, strict=True):
        folder, initial_weights = store.artifacts_dir(run), initial_weights_path(store, spec)
        training_runs.append(prepare_run(spec, data, device, recorder, folder, initial_weights=initial_weights))
        others = ", ".join(f"run {other}" for other in runs if other != run)
        record_start(store, run, training_runs[-1], f", together with {others}")
    return training_runs
