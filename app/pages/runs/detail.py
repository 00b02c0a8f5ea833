"""View model of the side panel: details of a run as texts; no Qt here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from app.formatting import format_duration, format_metric, format_timestamp
from app.tables import format_study
from mtl_core.analysis.divergence import can_resume
from mtl_core.analysis.method_titles import method_title
from mtl_core.spec import TOTAL
from mtl_core.text import DIRECTION_ARROWS, format_size

if TYPE_CHECKING:
    from mtl_core.store import DiskUse, EventRecord, RunRecord, RunStore, Summary

_EVENTS_SHOWN = 200
_HEADINGS = ("metric", "best", "last", "test")


@dataclass(frozen=True)
class RunDetail:
    """Everything the panel shows of a run; ``notes`` are the events about its data.

    Attributes:
        can_resume: Whether the run has ended early and would go on from its checkpoint.
        disk_use: Sizes of its files, if they are on this machine.
    """

    record: RunRecord
    summaries: tuple[Summary, ...]
    events: tuple[EventRecord, ...]
    notes: tuple[EventRecord, ...] = ()
    can_resume: bool = False
    disk_use: DiskUse | None = None


def read_detail(store: RunStore, run: int) -> RunDetail:
    """Read a run with its summaries and latest events; for the store's thread."""
    record, events = store.run(run), store.events(run)
    notes = tuple(event for event in events if event.kind == "note")
    log_events = [event for event in events if event.kind != "note"][-_EVENTS_SHOWN:]
    summaries = tuple(store.summaries([run]))
    use = store.disk_use([run]).get(run)
    return RunDetail(record, summaries, tuple(log_events), notes, can_resume(record, events), use)


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
        lines.append(f"{datetime.fromtimestamp(event.time):%H:%M:%S}  {words}")
    return lines


def parse_tags(text: str) -> tuple[str, ...]:
    """Split tags at commas and semicolons, without duplicates."""
    parts = (part.strip() for part in text.replace(";", ",").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))
