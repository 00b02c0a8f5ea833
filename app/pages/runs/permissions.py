"""The actions available for the selected runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtl_core.store import RunRecord


@dataclass(frozen=True)
class Action:
    """An action on runs: its key, text, icon and shortcut."""

    key: str
    text: str
    icon: str
    shortcut: str = ""


WATCH = Action("watch", "Watch live", "activity", "Return")
CURVES = Action("watch", "Show curves", "activity", "Return")
OPEN = Action("open", "Open its experiment", "folder-open", "Ctrl+Return")
AGAIN = Action("again", "Run again", "arrows-clockwise", "R")
RESUME = Action("resume", "Resume", "play")
MORE_EPOCHS = Action("fork", "Train more epochs…", "git-branch")
FORK = Action("fork", "Fork from a checkpoint…", "git-branch")
STOP = Action("stop", "Stop", "stop")
BASELINES = Action("baselines", "Train its baselines", "scales")
EVALUATE = Action("evaluate", "Evaluate", "target", "E")
PREDICT = Action("predict", "Predict new rows", "magic-wand", "P")
PREDICT_BY_ALL = Action("predict", "Predict new rows by their mean", "magic-wand", "P")
COMPARE = Action("compare", "Compare", "scales", "C")
RENAME = Action("rename", "Rename", "pencil-simple", "F2")
STAR = Action("star", "Star", "star", "S")
UNSTAR = Action("star", "Remove the star", "star", "S")
EXPORT = Action("export", "Export CSV…", "export", "Ctrl+E")
EXPORT_FILE = Action("export-file", "Export as one file…", "export")
ARCHIVE = Action("archive", "Archive", "archive", "Delete")
REFERENCE = Action("reference", "Show differences to this run", "arrows-left-right", "D")
NO_REFERENCE = Action("reference", "Show no differences", "arrows-left-right", "D")
CHECKPOINTS = Action("checkpoints", "Remove its checkpoints…", "broom")
CHECKPOINTS_OF_ALL = Action("checkpoints", "Remove their checkpoints…", "broom")
ERASE = Action("erase", "Erase…", "trash")
RESTORE = Action("archive", "Take out of the archive", "archive", "Delete")


def actions_for(
    records: Sequence[RunRecord], diverged: Collection[int] = (), reference: int | None = None
) -> tuple[Action, ...]:
    """The actions that make sense for the selected runs, in the order of the menu.

    Args:
        records: The selected runs.
        diverged: Runs that would not go on if they were resumed.
        reference: The run to which the table shows differences.
    """
    if not records:
        return ()
    star = UNSTAR if all(record.starred for record in records) else STAR
    put_away = RESTORE if all(record.archived for record in records) else ARCHIVE
    stop = (STOP,) if any(not record.has_ended for record in records) else ()
    is_erasable = all(record.archived and record.has_ended for record in records)
    all_ended = all(record.has_ended for record in records)
    file = (EXPORT_FILE,) if all_ended else ()
    if len(records) > 1:
        archive = (put_away,) if any(record.has_ended for record in records) else ()
        return (
            COMPARE, *((PREDICT_BY_ALL,) if all_ended else ()), AGAIN, *stop, star, EXPORT, *file, *archive,
            *((CHECKPOINTS_OF_ALL, ERASE) if is_erasable else ()),
        )  # fmt: skip
    (record,) = records
    watch = CURVES if record.has_ended else WATCH
    resume = (RESUME,) if record.is_resumable and record.id not in diverged else ()
    archive = (put_away,) if record.has_ended else ()
    baselines = (BASELINES,) if len(record.tasks) > 1 else ()
    erase = (CHECKPOINTS, ERASE) if is_erasable else ()
    difference = NO_REFERENCE if record.id == reference else REFERENCE
    fork = () if record.state == "queued" else (MORE_EPOCHS if record.has_ended else FORK,)
    use = (EVALUATE, PREDICT) if record.has_ended else ()
    return (
        watch,
        *use,
        OPEN,
        AGAIN,
        *resume,
        *fork,
        *stop,
        *baselines,
        RENAME,
        star,
        difference,
        EXPORT,
        *file,
        *archive,
        *erase,
    )
