"""Tests of groups of runs against baselines, over the seeds that both have, and what they say in a sentence."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mtl_core.analysis.delta_m import Transfer, transfer_of
from mtl_core.analysis.paired import PairedResult, adjust_p_values, compare_pairs
from mtl_core.analysis.significance import Mark
from mtl_core.analysis.statistics import LEVEL, Spread
from mtl_core.protocol.series_key import Direction, relative_change
from mtl_core.spec import TOTAL
from mtl_core.text import format_names

Verdict = Literal["better", "worse", "unclear", "one seed", "no seed"]


@dataclass(frozen=True)
class MetricRow:
    """A test metric of several groups of runs.

    Attributes:
        task: The task.
        metric: Name of the metric.
        direction: Whether lower or higher values are better; ``""`` if neither.
        score: Whether it is the score metric of its task.
        columns: The values of each group, and of the ensemble of all runs if there is one.
        by_seed: The value of each group by seed.
        marks: Whether each column is the best.
        defined: Whether each column has a value, NaN included.
    """

    task: str
    metric: str
    direction: Direction
    score: bool
    columns: tuple[Spread, ...]
    by_seed: tuple[Mapping[int, float], ...]
    marks: tuple[Mark, ...]
    defined: tuple[bool, ...]

    @property
    def best(self) -> float | None:
        """The best mean of the columns; None if they are equal, fewer than two, or neither way is better."""
        means = [column.mean for column in self.columns if column]
        if not self.direction or len(means) < 2 or min(means) == max(means):
            return None
        return min(means) if self.direction == "min" else max(means)


@dataclass(frozen=True)
class PairedTest:
    """Test of a group against a baseline on one metric.

    Attributes:
        row: The metric.
        group: Index of the group.
        reference: Index of the baseline.
        result: The differences, group minus baseline.
        change: Relative change of each seed, positive if the group is better.
        p_value: Probability of the paired t-test, adjusted for the number of groups tested on this metric (Holm 1979).
    """

    row: MetricRow
    group: int
    reference: int
    result: PairedResult
    change: Mapping[int, float]
    p_value: float

    @property
    def relative(self) -> Spread:
        """The relative change over the seeds."""
        return Spread.of(list(self.change.values()))

    @property
    def transfer(self) -> Transfer:
        """Negative where the 95 % interval of the relative change lies below 0, positive where above."""
        return transfer_of(self.relative)

    @property
    def verdict(self) -> Verdict:
        """Whether the group is better or worse beyond chance."""
        if self.result.seeds < 2:
            return "one seed" if self.result.seeds else "no seed"
        if not self.p_value < 1 - LEVEL:
            return "unclear"
        return "better" if (self.result.differences.mean > 0) == (self.row.direction == "max") else "worse"


@dataclass(frozen=True)
class GroupChange:
    """Δm of a group against baselines.

    Attributes:
        group: Index of the group.
        tests: The test on the score metric of each task.
        by_seed: Mean relative change over all tasks, for each seed in which each task has one.
    """

    group: int
    tests: tuple[PairedTest, ...]
    by_seed: Mapping[int, float]

    @property
    def delta_m(self) -> Spread:
        """Δm over the seeds, as a fraction."""
        return Spread.of(list(self.by_seed.values()))


def compare_groups(rows: Sequence[MetricRow], against: Sequence[int]) -> tuple[PairedTest, ...]:
    """Test every group on every metric of a task that has a better and a worse.

    Args:
        rows: The metrics.
        against: Indices of the groups to test against, of which the first with a value of the metric is taken.
    """
    tests = []
    for row in rows:
        reference = next((index for index in against if row.by_seed[index]), None)
        if reference is None or not row.direction or row.task == TOTAL:
            continue
        groups = [index for index, values in enumerate(row.by_seed) if values and index not in against]
        tests.extend(_adjust([_test(row, group, reference) for group in groups]))
    return tuple(tests)


def mean_changes(
    tests: Sequence[PairedTest], tasks: Sequence[str], *, excluded: Collection[int] = ()
) -> tuple[GroupChange, ...]:
    """Return Δm of each group: the mean relative change of the score metrics of the tasks.

    Args:
        tests: The tests of all groups.
        tasks: All tasks; a seed without one of them has no Δm.
        excluded: Indices of groups to leave out.
    """
    changes = []
    for group in dict.fromkeys(test.group for test in tests if test.group not in excluded):
        own = tuple(test for test in tests if test.group == group and test.row.score)
        if not own:
            continue
        seeds = dict.fromkeys(seed for test in own for seed in test.change)
        means = {
            seed: math.fsum(test.change.get(seed, math.nan) for test in own) / len(own)
            for seed in seeds
            if len(own) == len(tasks)
        }
        changes.append(GroupChange(group, own, {seed: mean for seed, mean in means.items() if math.isfinite(mean)}))
    return tuple(changes)


def describe_tests(tests: Sequence[PairedTest], titles: Sequence[str], against: str) -> tuple[str, ...]:
    """Describe in a sentence for each group on which tasks it is better, worse, or cannot be told apart.

    Args:
        tests: The tests; those on other metrics than the score of a task are left out.
        titles: The title of each group.
        against: What the groups were tested against.
    """
    sentences = []
    scores = [test for test in tests if test.row.score]
    for group in dict.fromkeys(test.group for test in scores):
        own = [test for test in scores if test.group == group]
        parts = [
            f"{verdict} on {_quote(test.row.task)} in {_wins(test, verdict)} of {test.result.seeds} seeds"
            for verdict in ("better", "worse")
            for test in own
            if test.verdict == verdict
        ]
        for verdict, words in _UNDECIDED.items():
            if tasks := [_quote(test.row.task) for test in own if test.verdict == verdict]:
                parts.append(f"{words} {format_names(tasks, 6)}")
        sentences.append(f"{titles[group]} against {against}: {'; '.join(parts)}.")
    return tuple(sentences)


_UNDECIDED: dict[Verdict, str] = {
    "unclear": "no difference can be told on",
    "one seed": "one seed says nothing about chance on",
    "no seed": "no seed in common on",
}


def _quote(task: str) -> str:
    return f"“{task}”"


def _wins(test: PairedTest, verdict: str) -> int:
    wins = test.result.wins
    return wins if verdict == "better" else sum(value != 0 for value in test.result.differences.values) - wins


def _test(row: MetricRow, group: int, reference: int) -> PairedTest:
    own, other = row.by_seed[group], row.by_seed[reference]
    result = compare_pairs(own, other, row.direction)
    better: Literal["min", "max"] = "max" if row.direction == "max" else "min"
    change = {seed: relative_change(own[seed], other[seed], better) for seed in own if seed in other}
    return PairedTest(row, group, reference, result, change, result.p_value)


def _adjust(tests: Sequence[PairedTest]) -> list[PairedTest]:
    """Adjust the probabilities of the tests on one metric."""
    adjusted = adjust_p_values([test.p_value for test in tests])
    return [replace(test, p_value=p_value) for test, p_value in zip(tests, adjusted, strict=True)]
