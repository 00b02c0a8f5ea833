"""Where a run comes from, and which runs come from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mtl_core.errors import InputError
from mtl_core.protocol.events import ForkData, ForkEvent
from mtl_core.spec import diff_data
from mtl_core.store import EventRecord, RunRecord, RunStore


@dataclass(frozen=True)
class Lineage:
    """The relatives of a run.

    Attributes:
        parent: The run that it was forked from or repeats, if that is in the store.
        fork: The checkpoint that it begins with, if it is a fork; its run may be that of another store.
        start_run: The run whose weights its shared layers begin with.
        forks: The forks of the run.
        repeats: The runs that repeat it.
        study: The runs of its study that train all tasks.
        baselines: The single-task baselines of its study.
        resumed: The steps from which it was resumed.
        differences: Path, value of the parent and own value of each setting that differs from the parent's.
    """

    parent: int | None = None
    fork: ForkData | None = None
    start_run: int | None = None
    forks: tuple[int, ...] = ()
    repeats: tuple[int, ...] = ()
    study: tuple[int, ...] = ()
    baselines: tuple[int, ...] = ()
    resumed: tuple[int, ...] = ()
    differences: tuple[tuple[str, Any, Any], ...] = ()


def read_lineage(store: RunStore, record: RunRecord, spec: dict[str, Any], events: Iterable[EventRecord]) -> Lineage:
    """Read the relatives of a run.

    Args:
        store: The store.
        record: The run.
        spec: Its spec as plain data.
        events: Its events, oldest first.
    """
    fork: ForkData | None = None
    resumed: list[int] = []
    for event in (event.content for event in events if event.kind in ("forked", "start")):
        if isinstance(event, ForkEvent):
            fork, resumed = event.data, []
        elif event is not None and event.step and (fork is None or event.step > fork.step):
            resumed.append(event.step)
    children = store.children(record.id)
    study: list[int] = []
    baselines: list[int] = []
    if record.study is not None:
        runs = set(store.run_ids(archived=True, query=f"study:{record.study}"))
        alone = set(store.run_ids(archived=True, query=f"study:{record.study} baseline:none"))
        study, baselines = sorted(alone), sorted(runs - alone)
    return Lineage(
        parent=record.parent,
        fork=fork,
        start_run=_start_run(spec),
        forks=tuple(run for run, is_fork in children.items() if is_fork),
        repeats=tuple(run for run, is_fork in children.items() if not is_fork),
        study=tuple(run for run in study if run != record.id),
        baselines=tuple(run for run in baselines if run != record.id),
        resumed=tuple(dict.fromkeys(resumed)),
        differences=_differences(store, record.parent, spec),
    )


def _start_run(spec: dict[str, Any]) -> int | None:
    start = spec.get("training", {}).get("start_from", {})
    run = start.get("run") if isinstance(start, dict) and start.get("kind") == "from_run" else None
    return run if isinstance(run, int) else None


def _differences(store: RunStore, parent: int | None, spec: dict[str, Any]) -> tuple[tuple[str, Any, Any], ...]:
    if parent is None:
        return ()
    try:
        before = store.spec_data(parent)
    except InputError:  # erased meanwhile
        return ()
    return tuple((found.path, found.left, found.right) for found in diff_data(before, spec))
