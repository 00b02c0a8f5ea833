"""The ``train`` and ``resume`` verbs."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mtl_core.cli import output, study_output
from mtl_core.cli.exit_status import FAILURE, INTERRUPTED, SUCCESS
from mtl_core.cli.references import build_spec, run_number, spec_data
from mtl_core.protocol.events import ForgettingEvent, NoteEvent, WarningEvent
from mtl_core.protocol.states import TrainingEndState
from mtl_core.spec import ExperimentSpec, InputError, StudyRun, apply_overrides, fold_members, study_members
from mtl_core.store import RunStore, open_store

if TYPE_CHECKING:
    from mtl_core.runner.execution import RunResult

_EXIT_STATUS: dict[TrainingEndState, int] = {"finished": SUCCESS, "stopped": INTERRUPTED, "failed": FAILURE}


def train(arguments: Namespace) -> int:
    """Train an experiment once, or as a study: once per seed, and single-task baselines on request."""
    data = spec_data(arguments)
    if arguments.device:
        data = apply_overrides(data, [f"training.device={arguments.device}"])
    seeds = arguments.seed
    if arguments.together and arguments.folds:
        raise InputError("--together", "folds are trained on different rows, one after the other", found="--folds")
    if arguments.together and len(seeds) < 2:
        raise InputError("--together", "needs at least two seeds", fix="Give --seed more than once.")
    if arguments.folds:
        return _train_folds(data, arguments)
    if not arguments.baselines and len(seeds) < 2:
        return _train_one(
            build_spec(apply_overrides(data, [f"training.seed={s}" for s in seeds]), arguments), arguments
        )
    spec = build_spec(data, arguments)
    members = study_members(spec, seeds or (spec.training.seed,), baselines=arguments.baselines)
    return _train_study(members, arguments)


def _train_folds(data: dict[str, Any], arguments: Namespace) -> int:
    if len(arguments.seed) > 1:
        fix = "Give one --seed; each further fold takes the next one."
        raise InputError("--seed", "folds are trained with a seed each", found=len(arguments.seed), fix=fix)
    spec = build_spec(apply_overrides(data, [f"training.seed={seed}" for seed in arguments.seed]), arguments)
    return _train_study(fold_members(spec, baselines=arguments.baselines), arguments)


def _train_one(spec: ExperimentSpec, arguments: Namespace) -> int:
    from mtl_core.runner.inspection import inspect

    notes = inspect(spec).notes
    output.print_warnings(spec, to_stderr=True)
    output.print_data_notes(notes, to_stderr=True)
    with open_store(arguments.store) as store:
        (result,) = _execute_all(store, [store.create_run(spec)])
        if arguments.json:
            output.print_json(result)
        else:
            output.print_run_result(result, store.name)
    return _EXIT_STATUS[result["state"]]


def _train_study(members: Sequence[StudyRun], arguments: Namespace) -> int:
    """Train the runs of a study, and print its result."""
    from mtl_core.analysis.studies import read_study

    groups = check_members(members, together=arguments.together)
    with open_store(arguments.store) as store:
        results, status = train_members(store, groups, as_json=arguments.json)
        study, store_name = read_study(store, results[0]["run"]), store.name
    assert study is not None  # the first run trains all tasks, so there is a study
    if arguments.json:
        output.print_json({"runs": results, **{k: v for k, v in study.data().items() if k != "runs"}})
    else:
        study_output.print_study(study)
        output.print_out(f"kept in {store_name}; see: mtl-workbench compare study:{study.number}")
    return status


def check_members(members: Sequence[StudyRun], *, together: bool = False) -> list[list[StudyRun]]:
    """Check that the runs of a study can train, before there is a store, and print notes on their data.

    Args:
        members: The runs.
        together: Whether the seeds of each role train in one loop.

    Returns:
        The runs that train at once, in the order of training.

    Raises:
        InputError: A run cannot train, or not together with others.
    """
    from mtl_core.runner.inspection import inspect

    notes: dict[str, None] = {}  # an ordered set, as notes of baselines mostly repeat
    for member in members:
        if member.spec.training.seed == members[0].spec.training.seed:
            notes |= dict.fromkeys(map(str, inspect(member.spec).notes))
    output.print_data_notes(list(notes), to_stderr=True)
    return _groups(members, together=together)


def train_members(
    store: RunStore, groups: Sequence[Sequence[StudyRun]], *, as_json: bool = False
) -> tuple[list[dict[str, Any]], int]:
    """Train the runs of a study; the others are trained even if one fails.

    Args:
        store: The store.
        groups: The runs that train at once; see :func:`check_members`.
        as_json: Whether standard output is for JSON, so that no line is printed for each run.

    Returns:
        The result of each run that was trained, and the exit status.
    """
    results: list[dict[str, Any]] = []
    status, trained, first = SUCCESS, 0, None
    members = sum(map(len, groups))
    for group in groups:
        runs = store.create_study(group, first)
        first = first or runs[0]
        trained += len(group)
        for member, result in zip(group, _execute_all(store, runs, f"{trained}/{members} "), strict=True):
            results.append(result | {"study": first, "baseline": member.baseline})
            status = status or _EXIT_STATUS[result["state"]]
            if not as_json:
                output.print_run_line(result)
        if any(result["state"] == "stopped" for result in results):
            return results, INTERRUPTED
    return results, status


def _groups(members: Sequence[StudyRun], *, together: bool) -> list[list[StudyRun]]:
    """Group the runs that train at once: single runs, or all seeds of a role (all tasks, the baseline of a task).

    Raises:
        InputError: The runs of a role cannot be trained together.
    """
    if not together:
        return [[member] for member in members]
    from mtl_core.runner.joint_execution import check_joint_training

    roles = dict.fromkeys(member.baseline for member in members)
    groups = [[member for member in members if member.baseline == role] for role in roles]
    for group in groups:
        check_joint_training([member.spec for member in group])
    return groups


def resume(arguments: Namespace) -> int:
    """Resume a run."""
    with open_store(arguments.store, create=False) as store:
        store.reap()
        return train_stored(store, run_number(store, arguments.run), as_json=arguments.json)


def train_stored(store: RunStore, run: int, more: Mapping[str, Any] = MappingProxyType({}), *, as_json: bool) -> int:
    """Train a run of the store and print its result, as JSON with ``more``; return the exit status."""
    (result,) = _execute_all(store, [run])
    if as_json:
        output.print_json({**result, **more})
    else:
        output.print_run_result(result, store.name)
    return _EXIT_STATUS[result["state"]]


def _execute_all(store: RunStore, runs: Sequence[int], before: str = "") -> list[dict[str, Any]]:
    """Train one run, or several jointly."""
    from mtl_core.runner.execution import execute
    from mtl_core.runner.joint_execution import execute_jointly
    from mtl_core.runner.progress_bar import progress_bar

    with progress_bar(before + store.run(runs[0]).name) as show:
        if len(runs) == 1:
            results = [execute(store, runs[0], observer=show)]
        else:
            results = execute_jointly(store, runs, observer=show)
    return [_result_data(store, run, result) for run, result in zip(runs, results, strict=True)]


def _result_data(store: RunStore, run: int, run_result: "RunResult") -> dict[str, Any]:
    if run_result.fault is not None:
        problem = run_result.fault.problem
        place = problem.path if problem.path == f"run {run}" else f"run {run}: {problem.path}"
        raise type(run_result.fault).of([replace(problem, path=place)])
    record = store.run(run)
    result = {"run": run, "name": record.name, "state": run_result.state, "device": record.device, "seed": record.seed}
    if run_result.error:
        output.print_error(f"run {run} failed: {run_result.error}")
    events = [record.content for record in store.events(run)]
    changes = [event for event in events if isinstance(event, ForgettingEvent)]
    by_task = {event.data.task: {**event.row_data(), "text": event.message} for event in changes}  # the last of each
    warnings = dict.fromkeys(event.message for event in events if isinstance(event, WarningEvent))
    notes = [event.row_data() for event in events if isinstance(event, NoteEvent)]
    result |= {"kept": list(by_task.values()), "warnings": list(warnings), "notes": notes}
    outcome = {"error": run_result.error, "test": run_result.test or {}}
    return {**result, **outcome, "seconds": record.seconds, "store": store.name}
