"""View model of which group of runs is best; no Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.formatting import STATE_LABELS
from mtl_core.report.tables import best_sentences
from mtl_core.text import format_names

if TYPE_CHECKING:
    from mtl_core.analysis.comparison import Comparison

_MAX_NAMED = 12


@dataclass(frozen=True)
class BestView:
    """Which group is best, as texts.

    Attributes:
        sentences: A sentence on all tasks, if there are baselines, and one on each task.
        notes: The runs without a result, which do not count.
    """

    sentences: tuple[str, ...]
    notes: str


def best_view(comparison: Comparison | None) -> BestView:
    """Texts on the best group of a comparison; without sentences where there is nothing to choose."""
    sentences = best_sentences(comparison) if comparison is not None else ()
    if comparison is None or not sentences:
        return BestView((), "")
    runs = [entry.run for entry in comparison.runs if entry.run.state != "finished"]
    names = [f"run {run.id} ({STATE_LABELS[run.state][0].lower()})" for run in runs]
    return BestView(sentences, f"Without a result: {format_names(names, _MAX_NAMED)}." if names else "")
