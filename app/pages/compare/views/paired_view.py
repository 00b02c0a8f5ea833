"""View model of the paired tests on the Compare page; no Qt here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.formatting import format_relative_change
from app.pages.compare.views.comparison import Cell, Line
from mtl_core.analysis.paired_tests import describe_tests
from mtl_core.report.tables import VERDICTS, format_p
from mtl_core.text import DIRECTION_ARROWS

if TYPE_CHECKING:
    from mtl_core.analysis.comparison import Comparison
    from mtl_core.analysis.paired_tests import PairedTest

HEADS = ("change", "seeds better", "p", "effect size", "")
_TONES = {"better": "good", "worse": "error", "unclear": "muted"}


@dataclass(frozen=True)
class PairedView:
    """The tests of a comparison as texts and table rows.

    Attributes:
        subtitle: What the groups are tested against.
        sentences: What the tests say.
        lines: A row for each group and score of a task, and one for the Δm of each group.
        choices: The first run and the title of each group that may be tested against.
    """

    subtitle: str
    sentences: tuple[str, ...]
    lines: tuple[Line, ...]
    choices: tuple[tuple[int, str], ...]


def paired_view(comparison: Comparison) -> PairedView:
    """Texts and rows of the tests of a comparison; without rows where no two groups share two seeds."""
    titles = comparison.titles
    scores = [test for test in comparison.tests if test.row.score]
    choices = tuple((group.first.run.id, title) for group, title in zip(comparison.groups, titles, strict=True))
    if not any(test.result.seeds > 1 for test in scores):
        return PairedView("", (), (), choices)
    lines = []
    for index, title in enumerate(titles):
        lines += [_line(test, title) for test in scores if test.group == index]
        for change in comparison.changes:
            if change.group == index and change.delta_m:
                spread = change.delta_m
                cells = Cell(format_relative_change(spread.mean, spread.sd)), *(Cell("") for _ in HEADS[1:])
                lines.append(Line(f"{title} · Δm", cells))
    return PairedView(
        f"against {comparison.against_title}",
        describe_tests(comparison.tests, titles, comparison.against_title),
        tuple(lines),
        choices,
    )


def _line(test: PairedTest, title: str) -> Line:
    result, change = test.result, test.relative
    size = result.effect_size
    transfer = {"negative": "error", "positive": "good"}.get(test.transfer, "")
    cells = (
        Cell(
            format_relative_change(change.mean, change.sd),
            tone=transfer,
            tip=f"Relative change over the seeds, {test.transfer} transfer",
        ),
        Cell(f"{result.wins} of {result.seeds}"),
        Cell(format_p(test.p_value), tip="Paired t-test, adjusted for the number of groups (Holm)"),
        Cell("—" if math.isnan(size) else f"{size:.2f}".replace("-", "−"), tip="Cohen's d of the differences"),
        Cell(VERDICTS[test.verdict], tone=_TONES.get(test.verdict, "muted")),
    )
    name = f"{title} · {test.row.task} {test.row.metric} {DIRECTION_ARROWS[test.row.direction]}"
    return Line(name, cells)
