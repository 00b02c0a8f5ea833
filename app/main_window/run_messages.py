"""What the status line, the buttons and the messages say of runs and studies; without Qt."""

from typing import TYPE_CHECKING

from app.formatting import format_quantity, format_relative_change, format_remaining_time
from mtl_core.text import group_digits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.jobs import StudyState
    from mtl_core.analysis.studies import Study
    from mtl_core.store import RunRecord


def progress_text(record: "RunRecord") -> str:
    """Progress of a run for the status line: ``Run 12 · epoch 7 of 20 · step 4 210``."""
    parts = [f"Run {record.id}"]
    if record.state != "running":
        parts.append(record.state)
    if record.progress is not None:
        epoch = min(record.progress.epoch + 1, record.progress.epochs)
        parts.append(f"epoch {epoch} of {record.progress.epochs}")
        parts.append(f"step {group_digits(record.progress.step)}")
    elif record.state == "running":
        parts.append("starting")
    return " · ".join(parts)


def pause_texts(record: "RunRecord | None") -> tuple[str, str]:
    """Label and tooltip of the button that pauses or resumes a run."""
    if record is None or not record.is_live:
        return "Pause", "Pause: nothing is running"
    if record.state == "paused":
        return f"Resume run {record.id}", f"Continue run {record.id}"
    return f"Pause run {record.id}", f"Pause run {record.id}"


def stop_texts(record: "RunRecord | None") -> tuple[str, str]:
    """Label and tooltip of the button that stops a run, or removes it from the queue."""
    if record is None:
        return "Stop", "Stop: nothing is running"
    if record.state == "queued":
        return f"Remove run {record.id}", f"Take run {record.id} out of the queue"
    return f"Stop run {record.id}", f"Stop run {record.id} and keep what it has"


def run_numbers_text(runs: "Sequence[int]") -> str:
    """Runs by their numbers: ``run 4``, ``runs 4 to 12``, ``runs 4, 6 and 9``."""
    if len(runs) == 1:
        return f"run {runs[0]}"
    first, last = runs[0], runs[-1]
    if len(runs) > 2 and list(runs) == list(range(first, last + 1)):
        return f"runs {first} to {last}"
    return f"runs {', '.join(map(str, runs[:-1]))} and {last}"


def queued_message(runs: "Sequence[int]", before: int) -> str:
    """The message when runs have been queued.

    Args:
        runs: Their numbers.
        before: Number of runs ahead of them, including the one that trains.
    """
    behind = f", behind {before} other{'' if before == 1 else 's'}" if before else ""
    text = run_numbers_text(runs)
    return f"{text[0].upper()}{text[1:]} {'is' if len(runs) == 1 else 'are'} queued{behind}."


def repeated_start_message(runs: "Sequence[int]") -> str:
    """The message when a start is repeated while the first one is still being created or checked."""
    state = f"{run_numbers_text(runs)} of it {'is' if len(runs) == 1 else 'are'} being checked" if runs else ""
    return f"Pressed twice: {state or 'its rows are being made'}. This press adds no run."


def progress_fraction(record: "RunRecord") -> float:
    """Progress of a run, from 0 to 1."""
    progress = record.progress
    return 0.0 if progress is None or not progress.steps else min(1.0, progress.step / progress.steps)


def eta_text(record: "RunRecord") -> str:
    """``ETA 1 min 10 s``; empty while it is unknown or the run is paused."""
    if record.state != "running" or record.progress is None or record.progress.eta_seconds <= 0:
        return ""
    return f"ETA {format_remaining_time(record.progress.eta_seconds)}"


def rate_text(record: "RunRecord") -> str:
    """``12 840 samples/s``; empty while it is unknown or the run is paused."""
    if record.state != "running" or record.progress is None or record.progress.samples_per_second <= 0:
        return ""
    return f"{group_digits(record.progress.samples_per_second)} samples/s"


def ended_message(record: "RunRecord") -> str:
    """The message when a run has ended."""
    match record.state:
        case "finished":
            return f"Run {record.id} has finished."
        case "stopped" if record.started is None:
            return f"Run {record.id} was taken out of the queue."
        case "stopped" if record.progress is None or not record.progress.steps:
            return f"Run {record.id} was stopped before its first step."
        case "stopped":
            return f"Run {record.id} was stopped; what it learned is kept."
        case "interrupted":
            return interrupted_message([record])
        case _:
            return f"Run {record.id} failed: {record.error}"


def interrupted_message(records: "Sequence[RunRecord]") -> str:
    """The message when a training process has ended unexpectedly, for the runs it trained."""
    numbers = [record.id for record in records]
    who = run_numbers_text(numbers).capitalize() + (" was" if len(numbers) == 1 else " were")
    what = records[0].error or "its process is gone"
    resume = (
        "It can be resumed from its last checkpoint"
        if len(numbers) == 1
        else "They can be resumed from their last checkpoints"
    )
    return f"{who} interrupted: {what}. {resume}, now or later from Runs."


def study_message(study: "Study") -> str:
    """The message when the last run of a study has ended."""
    result = study.result
    if not result.delta_m:
        return f"Study {study.number} has finished: {len(result.seeds)} seeds of all tasks."
    tasks = ", ".join(task.task for task in result.negative_transfers if task.transfer == "negative")
    transfer = f" Negative transfer: {tasks}." if tasks else ""
    delta_m = format_relative_change(result.delta_m.mean, result.delta_m.sd)
    return f"Study {study.number} has finished: Δm {delta_m}.{transfer}"


def methods_message(study: "Study", sentences: "Sequence[str]") -> str:
    """The message when the last run of a study of several weighting methods has ended.

    Args:
        study: The study.
        sentences: Which method is best; the first one says it of all tasks, if baselines were trained.
    """
    without = [run for run in study.runs if run.state != "finished"]
    parts = [f"Which is best? {sentences[0]}" if sentences else f"Study {study.number} has ended."]
    if without:
        runs = run_numbers_text([run.id for run in without])
        parts.append(f"{len(without)} of {len(study.runs)} runs did not finish: {runs}.")
    return " ".join(parts)


def study_progress_text(state: "StudyState") -> str:
    """How far a study is, for the status line: ``7 of 12 runs``."""
    return f"{state.ended} of {format_quantity(len(state.runs), 'run')}" if len(state.runs) > 1 else ""
