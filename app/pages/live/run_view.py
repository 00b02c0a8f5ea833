"""View model of the Live page, as pure functions of store records; no Qt here."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from app.formatting import STATE_LABELS, Tone, format_duration, format_number, format_remaining_time
from app.pages.live.manual_weights_view import ManualWeightsView, last_move_text, manual_weights_view, marker_text
from mtl_core.analysis.divergence import can_resume, divergence_event
from mtl_core.protocol.series_names import LOSS_WEIGHT
from mtl_core.protocol.weight_moves import read_weight_moves
from mtl_core.spec import TOTAL, ExperimentSpec, score_of
from mtl_core.text import group_digits

if TYPE_CHECKING:
    from mtl_core.store import EventRecord, RunRecord, SeriesKey

Action = Literal["", "training", "compare", "soften"]
Latest = Mapping["SeriesKey", float]

_MAX_LOG_LINES = 500
_PREFERRED_METRICS = ("accuracy", "r2", "auroc", "f1")
_MAX_NAMED_TASKS = 4
"""Tasks whose test scores are listed in the strip under the header."""


@dataclass(frozen=True)
class Notice:
    """The state of a run in a sentence, its progress, and an action.

    Attributes:
        text: A sentence or two.
        tone: Color of the text.
        share: Part of the run that is done, 0 … 1, or None where that says nothing.
        action: What the button does; no button when empty.
        label: The button's words.
    """

    text: str
    tone: Tone = "neutral"
    share: float | None = None
    action: Action = ""
    label: str = ""


@dataclass(frozen=True)
class LiveView:
    """Everything on the page except the curves.

    Attributes:
        headers: Current values by task, including ``total``, for the headers of the cards.
        markers: Steps at which weights were moved by hand or the run was forked, and those with a note; with a text.
        log: The last five hundred lines, newest first.
    """

    chip: str
    state: str
    tone: Tone
    notice: Notice
    can_pause: bool
    can_resume: bool
    can_stop: bool
    headers: Mapping[str, str]
    weights_header: str
    control: ManualWeightsView
    markers: tuple[tuple[float, str], ...]
    log: tuple[str, ...]


def live_view(run: RunRecord, spec: ExperimentSpec | None, events: Sequence[EventRecord], latest: Latest) -> LiveView:
    """View of a run's current state.

    Args:
        run: The run.
        spec: Its experiment, or None while it is being read.
        events: Its events so far, oldest first.
        latest: The newest value of every series.
    """
    moves = read_weight_moves(event.content for event in events).applied
    return LiveView(
        chip=f"Run {run.id}",
        state=run.state,
        tone=STATE_LABELS[run.state][1],
        notice=notice(run, spec, events, latest),
        can_pause=run.state == "running",
        can_resume=run.state == "paused" or can_resume(run, events),
        can_stop=not run.has_ended,
        headers={task: losses_text(task, latest) for task in (*run.tasks, TOTAL)},
        weights_header=last_move_text(moves),
        control=manual_weights_view(run, spec, moves, weights_in_use(run.tasks, latest)),
        markers=(*((float(event.step), marker_text(event)) for event in moves), *step_markers(events)),
        log=tuple(log_line(event) for event in reversed(events[-_MAX_LOG_LINES:])),
    )


def notice(run: RunRecord, spec: ExperimentSpec | None, events: Sequence[EventRecord], latest: Latest) -> Notice:
    """Notice of a run's state, for the strip under the header."""
    share, tone = _progress_fraction(run), STATE_LABELS[run.state][1]
    at = f" at step {group_digits(run.progress.step)}" if run.progress and run.progress.step else ""
    match run.state:
        case "queued":
            result = Notice("Queued. It starts when the engine is ready and the runs before it have ended.", tone)
        case "running":
            result = Notice(progress_text(run), tone, share)
        case "paused":
            result = Notice(f"Paused{at}. It computes nothing until it is resumed.", tone, share)
        case "failed":
            text = f"Failed{at}: {(run.error or 'the log says why').rstrip('.')}. "
            if divergence_event(run, events) is not None:
                text += "Resumed from its checkpoint it would diverge again; a new run with other settings may not."
                result = Notice(text, tone, None, "soften", "Halve the learning rate and clip")
            else:
                text += "Correct the cause and run it again."
                result = Notice(text, tone, None, "training", "Open Training")
        case "interrupted":
            cause = run.error or "its process is gone"
            text = f"Interrupted{at}: {cause}. Everything up to the last checkpoint is kept."
            result = Notice(text, tone, share)
        case "stopped" if run.progress is None or not run.progress.steps:
            result = Notice("Stopped before its first step. It begins anew when it is resumed.", tone)
        case "stopped":
            result = Notice(f"Stopped{at}. Its last checkpoint is kept.", tone, share)
        case "finished":
            result = Notice(finished_text(run, spec, latest), tone, None, "compare", "Compare")
    return result


def progress_text(run: RunRecord) -> str:
    """Epoch, step, speed and remaining time."""
    progress = run.progress
    if progress is None or not progress.steps:
        return f"Starting on {run.device} …" if run.device else "Starting …"
    epoch = min(progress.epoch + 1, progress.epochs) if progress.step < progress.steps else progress.epochs
    parts = [
        f"epoch {epoch} of {progress.epochs}",
        f"step {group_digits(progress.step)} of {group_digits(progress.steps)}",
    ]
    if progress.samples_per_second > 0:
        parts.append(f"{group_digits(progress.samples_per_second)} samples/s")
        parts.append(f"{format_remaining_time(progress.eta_seconds)} left")
    if run.device:
        parts.append(run.device)
    return " · ".join(parts)


def finished_text(run: RunRecord, spec: ExperimentSpec | None, latest: Latest) -> str:
    """Duration and test scores of a finished run."""
    seconds = run.seconds or ((run.finished or 0.0) - (run.started or 0.0))
    scores = {} if spec is None else {task.name: score_of(task) for task in spec.tasks}
    tests = [text for task in run.tasks if (text := _test_text(task, scores.get(task, ""), latest))]
    more = [f"and {len(tests) - _MAX_NAMED_TASKS} more"] if len(tests) > _MAX_NAMED_TASKS else []
    took = f"Finished in {format_duration(seconds)}" if seconds > 0 else "Finished"
    return f"{took}. Test: {' · '.join([*tests[:_MAX_NAMED_TASKS], *more])}" if tests else f"{took}."


def _test_text(task: str, score: str, latest: Latest) -> str:
    """A task's score on the test split, else its leading metric."""
    own = {key.metric: value for key, value in latest.items() if key.split == "test" and key.task == task}
    name = next((name for name in (score, *_PREFERRED_METRICS, *own) if name in own and name != "loss"), "")
    return f"{task} {name} {format_number(own[name])}" if name else ""


def losses_text(task: str, latest: Latest) -> str:
    """Current training and validation loss of a task for its card's header."""
    values = [(split, latest.get(series_key(task, split, "loss"))) for split in ("train", "val")]
    return " · ".join(f"{split} {format_number(value)}" for split, value in values if value is not None)


def weights_in_use(tasks: Sequence[str], latest: Latest) -> dict[str, float]:
    """The newest recorded weight of each task that has one."""
    weights = {task: latest.get(series_key(task, "train", LOSS_WEIGHT)) for task in tasks}
    return {task: value for task, value in weights.items() if value is not None}


def metric_text(metric: str, tasks: Sequence[str], latest: Latest) -> str:
    """Current values of a validation metric for its card's header."""
    values = [(task, latest.get(series_key(task, "val", metric))) for task in tasks]
    return " · ".join(f"{task} {format_number(value)}" for task, value in values if value is not None)


def metric_names(keys: Collection[SeriesKey]) -> tuple[str, ...]:
    """Validation metrics, in the order in which they appeared."""
    return tuple(dict.fromkeys(key.metric for key in keys if key.split == "val" and key.metric != "loss"))


def step_markers(events: Sequence[EventRecord]) -> Iterator[tuple[float, str]]:
    """Steps and texts of the notes of a person and of the forks among the events of a run."""
    for event in events:
        if event.kind == "remark":
            yield float(event.step), f"note: {event.message}"
        elif event.kind == "forked":
            yield float(event.step), event.message.partition(" at step")[0]


def log_line(event: EventRecord) -> str:
    """One line of the log: local time, then what happened."""
    if event.kind == "remark":
        when = time.strftime("%H:%M:%S", time.localtime(event.time))
        return f"{when}  note on step {group_digits(event.step)}: {event.message}"
    return f"{time.strftime('%H:%M:%S', time.localtime(event.time))}  {event.message or event.kind}"


def series_key(task: str, split: str, metric: str) -> SeriesKey:
    """Make the key of a series; the store is imported late, so that the window starts without it."""
    from mtl_core.store import SeriesKey

    return SeriesKey(task, split, metric)


def _progress_fraction(run: RunRecord) -> float | None:
    progress = run.progress
    return progress.step / progress.steps if progress is not None and progress.steps else None


def stabilized_settings(spec: ExperimentSpec) -> dict[str, Any]:
    """The settings that a run which diverged may need, by path: half the learning rate, and clipped gradients."""
    settings: dict[str, Any] = {"training.optimizer.lr": spec.training.optimizer.lr / 2}
    if spec.training.grad_clip is None:
        settings["training.grad_clip"] = 1.0
    return settings
