"""Comparison of two groups of runs that share their seeds: paired t-test and effect size."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtl_core.analysis.statistics import Spread, student_p
from mtl_core.protocol.series_key import Direction


@dataclass(frozen=True)
class PairedResult:
    """Difference of a metric between two groups of runs, seed by seed.

    Attributes:
        differences: First minus second, a value for each seed that both have.
        direction: Whether lower or higher values are better.
    """

    differences: Spread
    direction: Direction

    @property
    def seeds(self) -> int:
        """Number of seeds that both groups have."""
        return len(self.differences.values)

    @property
    def wins(self) -> int:
        """Number of seeds in which the first group is better."""
        sign = 1 if self.direction == "max" else -1
        return sum(sign * difference > 0 for difference in self.differences.values)

    @property
    def p_value(self) -> float:
        """Two-sided probability of such a mean difference by chance (paired t-test, Student 1908).

        NaN for fewer than two seeds, and where all differences are 0.
        """
        if self.seeds < 2:
            return math.nan
        mean, sd = self.differences.mean, self.differences.sd
        if sd == 0:
            return math.nan if mean == 0 else 0.0
        return student_p(mean / (sd / math.sqrt(self.seeds)), self.seeds - 1)

    @property
    def effect_size(self) -> float:
        """Mean difference in standard deviations of the differences (d_z, Cohen 1988), positive if the first is better.

        NaN for fewer than two seeds, and where all differences are equal.
        """
        if self.seeds < 2 or not self.differences.sd > 0:
            return math.nan
        size = self.differences.mean / self.differences.sd
        return size if self.direction == "max" else -size


def compare_pairs(first: Mapping[int, float], second: Mapping[int, float], direction: Direction) -> PairedResult:
    """Compare a metric of two groups of runs over the seeds that both have.

    Args:
        first: Value by seed; seeds with a value that is not finite are left out.
        second: Value by seed.
        direction: Whether lower or higher values are better.
    """
    return PairedResult(Spread.of([first[seed] - second[seed] for seed in first if seed in second]), direction)


def adjust_p_values(p_values: Sequence[float]) -> list[float]:
    """Adjust the probabilities of several tests for their number (Holm 1979); undefined ones do not count."""
    ranked = sorted((i for i, p in enumerate(p_values) if not math.isnan(p)), key=p_values.__getitem__)
    adjusted, highest = list(p_values), 0.0
    for rank, index in enumerate(ranked):
        highest = max(highest, min(1.0, p_values[index] * (len(ranked) - rank)))
        adjusted[index] = highest
    return adjusted
