"""Numbers, times and states as a person reads them; free of Qt."""

from dataclasses import replace
from typing import TYPE_CHECKING

from app.formatting import format_relative_change, format_remaining_time
from mtl_core.spec import ExperimentSpec, InputError, parse
from mtl_core.text import group_digits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtl_core.analysis.studies import Study
    from mtl_core.spec import Problem
    from mtl_core.store import RunRecord


def run_line(record: "RunRecord") -> str:
    """What the status bar says of a run: ``Run 12 · epoch 7 of 20 · step 4 210``."""
    parts = [f"Run {record.id}"]
    if record.state != "running":
        parts.append(record.state)
    if record.progress is not None:
        shown = min(record.progress.epoch + 1, record.progress.epochs)
        parts.append(f"epoch {shown} of {record.progress.epochs}")
        parts.append(f"step {group_digits(record.progress.step)}")
    elif record.state == "running":
        parts.append("starting")
    return " · ".join(parts)


def pause_words(record: "RunRecord | None") -> tuple[str, str]:
    """Label and explanation of the button that pauses a run, or lets it go on."""
    if record is None or not record.is_live:
        return "Pause", "Pause: nothing is running"
    if record.state == "paused":
        return f"Resume run {record.id}", f"Continue run {record.id}"
    return f"Pause run {record.id}", f"Pause run {record.id}"


def stop_words(record: "RunRecord | None") -> tuple[str, str]:
    """Label and explanation of the button that stops a run, or takes it out of the queue."""
    if record is None:
        return "Stop", "Stop: nothing is running"
    if record.state == "queued":
        return f"Remove run {record.id}", f"Take run {record.id} out of the queue"
    return f"Stop run {record.id}", f"Stop run {record.id} and keep what it has"


def runs_words(runs: "Sequence[int]") -> str:
    """Some runs by their numbers: ``run 4``, ``runs 4 to 12``, ``runs 4, 6 and 9``."""
    if len(runs) == 1:
        return f"run {runs[0]}"
    first, last = runs[0], runs[-1]
    if len(runs) > 2 and list(runs) == list(range(first, last + 1)):
        return f"runs {first} to {last}"
    return f"runs {', '.join(map(str, runs[:-1]))} and {last}"


def queued_line(runs: "Sequence[int]", before: int) -> str:
    """What is said when runs have been queued.

    Args:
        runs: Their numbers.
        before: How many runs come before them, one that trains included.
    """
    behind = f", behind {before} other{'' if before == 1 else 's'}" if before else ""
    text = runs_words(runs)
    return f"{text[0].upper()}{text[1:]} {'is' if len(runs) == 1 else 'are'} queued{behind}."


def repeated_line(runs: "Sequence[int]") -> str:
    """What is said when the same runs are asked for while those asked for first are being made or checked."""
    made = f"{runs_words(runs)} of it {'is' if len(runs) == 1 else 'are'} being checked" if runs else ""
    return f"Pressed twice: {made or 'its rows are being made'}. This press adds no run."


def share_done(record: "RunRecord") -> float:
    """How much of a run is done, 0…1."""
    progress = record.progress
    return 0.0 if progress is None or not progress.steps else min(1.0, progress.step / progress.steps)


def eta_line(record: "RunRecord") -> str:
    """``ETA 1 min 10 s``, or nothing while unknown or paused."""
    if record.state != "running" or record.progress is None or record.progress.eta_seconds <= 0:
        return ""
    return f"ETA {format_remaining_time(record.progress.eta_seconds)}"


def rate_line(record: "RunRecord") -> str:
    """``12 840 samples/s``, or nothing while unknown or paused."""
    if record.state != "running" or record.progress is None or record.progress.samples_per_second <= 0:
        return ""
    return f"{group_digits(record.progress.samples_per_second)} samples/s"


def ended_line(record: "RunRecord") -> str:
    """What is said when a run has ended."""
    match record.state:
        case "finished":
            return f"Run {record.id} has finished."
        case "stopped" if record.started is None:
            return f"Run {record.id} was taken out of the queue."
        case "stopped":
            return f"Run {record.id} was stopped; what it learned is kept."
        case "interrupted":
            return interrupted_line([record])
        case _:
            return f"Run {record.id} failed: {record.error}"


def interrupted_line(records: "Sequence[RunRecord]") -> str:
    """What is said when a process has died, of the runs it trained."""
    numbers = [record.id for record in records]
    who = runs_words(numbers).capitalize() + (" was" if len(numbers) == 1 else " were")
    what = records[0].error or "its process is gone"
    resume = (
        "It can be resumed from its last checkpoint"
        if len(numbers) == 1
        else "They can be resumed from their last checkpoints"
    )
    return f"{who} interrupted: {what}. {resume}, now or later from Runs."


def study_line(study: "Study") -> str:
    """What is said when the last run of a study has ended."""
    judgement = study.result
    if not judgement.delta_m:
        return f"Study {study.number} has finished: {len(judgement.seeds)} seeds of all tasks."
    negative_transfers = ", ".join(one.task for one in judgement.negative_transfers if one.transfer == "negative")
    transfer = f" Negative transfer: {negative_transfers}." if negative_transfers else ""
    delta_m = format_relative_change(judgement.delta_m.mean, judgement.delta_m.sd)
    return f"Study {study.number} has finished: Δm {delta_m}.{transfer}"


def page_of(path: str) -> str:
    """The page on which the setting at ``path`` is edited."""
    match path.partition(".")[0].partition("[")[0]:
        case "model":
            return "model"
        case "weighting" | "training":
            return "training"
        case _:
            return "data"


def place_words(path: str) -> str:
    """The place of a setting for people: ``model.shared[0].out_channels`` is ``Model › shared 1 › out channels``.

    What is no path of the spec, such as a file or a run, stays as it is.
    """
    try:
        keys = parse(path)
    except InputError:
        return path
    if not keys or keys[0] not in ExperimentSpec.model_fields:
        return path
    words: list[str] = []
    for key in keys:
        if isinstance(key, int):
            words[-1] += f" {key + 1}"
        else:
            words.append(key if words[-1:] in (["heads"], ["weights"]) else key.replace("_", " "))
    return " › ".join([words[0].capitalize(), *words[1:]])


def problem_line(problems: "Sequence[Problem]") -> str:
    """Why an experiment cannot run."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    first = replace(problems[0], path=place_words(problems[0].path))
    return f"This experiment cannot run yet. {first}{more}"
