"""View model of the side panel: details of a run as texts; no Qt here."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.formatting import format_duration, format_metric, format_timestamp
from app.tables import format_study
from mtl_core.analysis.divergence import can_resume
from mtl_core.analysis.method_titles import method_title
from mtl_core.forking.checkpoint_list import list_checkpoints
from mtl_core.forking.lineage import read_lineage
from mtl_core.spec import TOTAL, flatten
from mtl_core.spec.io.diff import ABSENT
from mtl_core.text import DIRECTION_ARROWS, format_size, group_digits

if TYPE_CHECKING:
    from mtl_core.forking.checkpoint_list import RunCheckpoint
    from mtl_core.forking.lineage import Lineage
    from mtl_core.store import DiskUse, EventRecord, RunRecord, RunStore, Summary

_EVENTS_SHOWN = 200
_HEADINGS = ("metric", "best", "last", "test")


@dataclass(frozen=True)
class RunDetail:
    """Everything the panel shows of a run; ``notes`` are the events about its data.

    Attributes:
        can_resume: Whether the run has ended early and would go on from its checkpoint.
        disk_use: Sizes of its files, if they are on this machine.
        spec: Its experiment as plain data.
        lineage: Where it comes from, and which runs come from it.
        checkpoints: Those with which a fork can begin.
        artifacts: Name and size in bytes of its other files.
        folder: Where they lie; empty if that is not on this machine.
    """

    record: RunRecord
    summaries: tuple[Summary, ...]
    events: tuple[EventRecord, ...]
    notes: tuple[EventRecord, ...] = ()
    can_resume: bool = False
    disk_use: DiskUse | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    lineage: Lineage | None = None
    checkpoints: tuple[RunCheckpoint, ...] = ()
    artifacts: tuple[tuple[str, int], ...] = ()
    folder: str = ""


def read_detail(store: RunStore, run: int) -> RunDetail:
    """Read a run with its summaries and latest events; for the store's thread."""
    record, events = store.run(run), store.events(run)
    notes = tuple(event for event in events if event.kind == "note")
    log_events = [event for event in events if event.kind != "note"][-_EVENTS_SHOWN:]
    summaries = tuple(store.summaries([run]))
    use = store.disk_use([run]).get(run)
    spec = store.spec_data(run)
    checkpoints = tuple(list_checkpoints(store, run))
    folder = store.artifacts_dir(run) if use is not None and use.files else None
    known = {checkpoint.path for checkpoint in checkpoints}
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path not in known) if folder else []
    return RunDetail(
        record,
        summaries,
        tuple(log_events),
        notes,
        can_resume(record, events),
        use,
        spec=spec,
        lineage=read_lineage(store, record, spec, events),
        checkpoints=checkpoints,
        artifacts=tuple((path.relative_to(str(folder)).as_posix(), _size(path)) for path in files),
        folder=str(folder or ""),
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # removed in the meantime
        return 0


def facts(record: RunRecord, use: DiskUse | None = None) -> list[tuple[str, str]]:
    """Label and text of each known fact, in the order of the panel."""
    size = (
        ""
        if use is None or not use.files
        else f"{format_size(use.files)}, {format_size(use.checkpoints)} of them checkpoints"
    )
    now = time.time()
    progress = record.progress
    epochs_done = f"{progress.epoch} of {progress.epochs} · step {progress.step}" if progress else ""
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    rows = [
        ("Weighting", method_title(record.method)),
        ("Data", record.dataset),
        ("Tasks", ", ".join(record.tasks)),
        ("Device", record.device),
        ("Seed", str(record.seed)),
        ("Study", format_study(record)),
        ("Epochs", epochs_done),
        ("Started", format_timestamp(record.started, now)),
        ("Finished", format_timestamp(record.finished, now)),
        ("Trained for", format_duration(record.seconds)),
        ("Disk use", size),
        ("Machine", record.host),
        ("Versions", versions),
        ("Data fingerprint", record.fingerprint[:12]),
    ]
    return [(label, words) for label, words in rows if words]


def metric_rows(summaries: Sequence[Summary], tasks: Sequence[str]) -> list[tuple[str, ...]]:
    """Rows of the metrics table: per task its name alone, then name, best, last and test value of each metric."""
    by_key = {(s.task, s.split, s.metric): s for s in summaries if s.direction}
    rows: list[tuple[str, ...]] = []
    for task in (*tasks, TOTAL):
        names = list(dict.fromkeys(m for t, split, m in by_key if t == task and split in {"val", "test"}))
        if names:
            rows.append((task,))
        for name in names:
            val, test = by_key.get((task, "val", name)), by_key.get((task, "test", name))
            arrow = f" {DIRECTION_ARROWS[(val or test).direction]}" if val or test else ""  # type: ignore[union-attr]
            best, last = (format_metric(val.best), format_metric(val.last)) if val else ("", "")
            rows.append((name + arrow, best, last, format_metric(test.last) if test else ""))
    return rows


def event_lines(events: Sequence[EventRecord]) -> list[str]:
    """The events as lines, newest first."""
    lines = []
    for event in reversed(events):
        words = event.message or event.kind
        if event.kind == "remark":
            words = f"note on step {group_digits(event.step)}: {words}"
        lines.append(f"{datetime.fromtimestamp(event.time):%H:%M:%S}  {words}")
    return lines


def settings_lines(spec: Mapping[str, Any], lineage: Lineage | None) -> list[str]:
    """What differs from the parent, if there is one, then all settings, a line each."""
    lines = []
    if lineage is not None and lineage.parent is not None:
        lines.append(f"What differs from run {lineage.parent}" + ("" if lineage.differences else ": nothing"))
        lines += [f"  {path}: {_value(before)} → {_value(now)}" for path, before, now in lineage.differences]
        lines.append("")
    return [*lines, *(f"{path}: {_value(value)}" for path, value in flatten(spec).items())]


def _value(value: Any) -> str:
    return (
        value if isinstance(value, str) else repr(value) if value is ABSENT else json.dumps(value, ensure_ascii=False)
    )


def parse_tags(text: str) -> tuple[str, ...]:
    """Split tags at commas and semicolons, without duplicates."""
    parts = (part.strip() for part in text.replace(";", ",").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))
