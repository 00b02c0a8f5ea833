"""Which group of runs is best: on each task and over all of them, with paired tests of every two groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from mtl_core.analysis.paired import adjust_p_values, compare_pairs
from mtl_core.analysis.paired_tests import GroupChange, MetricRow
from mtl_core.analysis.statistics import LEVEL, Spread
from mtl_core.protocol.series_key import Direction
from mtl_core.text import format_names

_MAX_NAMES = 6


@dataclass(frozen=True)
class BestGroup:
    """The group with the best mean of one score.

    The mean chooses the group, so the tests that it wins are adjusted for all pairs of groups (Holm 1979), not for
    those with this group alone.

    Attributes:
        task: The task of the score; ``""`` for Δm over all tasks.
        metric: Name of the score.
        groups: Indices of the groups that have the score.
        best: Index of the group with the best mean over the seeds that all groups have; None if several share it.
        spread: Its values in these seeds.
        seeds: Number of these seeds.
        wins: Number of these seeds in which no other group is as good.
        worse: Indices of the groups that it is better than beyond chance.
    """

    task: str
    metric: str
    groups: tuple[int, ...]
    best: int | None
    spread: Spread
    seeds: int
    wins: int
    worse: tuple[int, ...]

    @property
    def is_clear(self) -> bool:
        """Whether it is better than every other group beyond chance."""
        return self.best is not None and len(self.worse) == len(self.groups) - 1


def best_groups(rows: Sequence[MetricRow], groups: Sequence[int]) -> tuple[BestGroup, ...]:
    """Find the best group on the score of each task.

    Args:
        rows: The metrics.
        groups: Indices of the groups to compare; scores that fewer than two of them have are left out.
    """
    found = []
    for row in rows:
        values = {group: row.by_seed[group] for group in groups if row.by_seed[group]}
        if row.score and row.direction and len(values) > 1:
            found.append(_best(row.task, row.metric, row.direction, values))
    return tuple(found)


def best_change(changes: Sequence[GroupChange]) -> BestGroup | None:
    """Find the group with the highest Δm; None if fewer than two groups have one."""
    values = {change.group: change.by_seed for change in changes if change.by_seed}
    return _best("", "Δm", "max", values) if len(values) > 1 else None


def _best(task: str, metric: str, direction: Direction, values: Mapping[int, Mapping[int, float]]) -> BestGroup:
    sign = 1 if direction == "max" else -1
    first, *others = values.values()
    common = [seed for seed in first if all(seed in by_seed for by_seed in others)]
    spreads = {group: Spread.of([by_seed[seed] for seed in common]) for group, by_seed in values.items()}
    top = max((sign * spread.mean for spread in spreads.values() if spread), default=None)
    leading = [group for group, spread in spreads.items() if spread and sign * spread.mean == top]
    if len(leading) != 1:
        return BestGroup(task, metric, tuple(values), None, Spread.of([]), len(common), 0, ())
    best = leading[0]
    pairs = list(combinations(values, 2))
    tests = [compare_pairs(values[one], values[other], direction) for one, other in pairs]
    p_values = adjust_p_values([test.p_value for test in tests])
    worse = []
    for (one, other), test, p_value in zip(pairs, tests, p_values, strict=True):
        better = one if sign * test.differences.mean > 0 else other
        if best in (one, other) and better == best and p_value < 1 - LEVEL:
            worse.append(other if one == best else one)
    own, rivals = values[best], [by_seed for group, by_seed in values.items() if group != best]
    wins = sum(all(sign * own[seed] > sign * rival[seed] for rival in rivals) for seed in common)
    return BestGroup(task, metric, tuple(values), best, spreads[best], len(common), wins, tuple(worse))


def describe_best(
    tasks: Sequence[BestGroup], change: BestGroup | None, titles: Sequence[str], against: str
) -> tuple[str, ...]:
    """Describe which group is best over all tasks, then on each, a sentence each.

    Args:
        tasks: The best group on each task.
        change: The group with the highest Δm, if it is known.
        titles: The title of each group.
        against: What Δm is relative to.
    """
    sentences = [_sentence(change, titles, f"Over all tasks, against {against}")] if change is not None else []
    sentences += [_sentence(best, titles, f"On “{best.task}” ({best.metric})") for best in tasks]
    return tuple(sentences)


def _sentence(found: BestGroup, titles: Sequence[str], where: str) -> str:
    if found.best is None:
        return f"{where}: {'no seed in common' if not found.seeds else 'the best mean is shared'}."
    title = titles[found.best]
    leads = f"{title} has the {'highest Δm' if not found.task else 'best mean'}, {_value(found)}"
    if found.seeds < 2:
        return f"{where}: {leads}; one seed says nothing about chance."
    counted = f"best in {found.wins} of {found.seeds} seeds"
    if found.is_clear:
        return f"{where}: {title} is best, {_value(found)}, {counted}; better than every other one beyond chance."
    if not found.worse:
        return f"{where}: no difference can be told; {leads}, {counted}."
    worse = format_names([titles[group] for group in found.worse], _MAX_NAMES)
    rest = [titles[group] for group in found.groups if group != found.best and group not in found.worse]
    unclear = f"no difference can be told from {format_names(rest, _MAX_NAMES)}"
    return f"{where}: {leads}, {counted}; better than {worse} beyond chance, {unclear}."


def _value(found: BestGroup) -> str:
    return found.spread.percent_text() if not found.task else found.spread.text()
