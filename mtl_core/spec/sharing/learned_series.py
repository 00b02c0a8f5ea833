"""The series in which runs keep what a sharing scheme learned; their names stand in stores."""

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class LearnedShare:
    """How much a task takes from a source at a place of the model, read from the name of a series.

    Attributes:
        place: Where in the model, for people.
        source: From what: a task, an expert, a stage or a node.
    """

    place: str
    source: str


@dataclass(frozen=True)
class LearnedSeries:
    """A group of series with the same form of name, one series for each source and place.

    Attributes:
        name: Format string of the names, with ``{source}`` and, if there are several places, ``{number}``.
        place: Format string of the places; may have ``{number}``.
        source: Regular expression that matches every source.
    """

    name: str
    place: str
    source: str = ".+"

    def metric(self, source: str, number: int | None = None) -> str:
        """The name of the series for a source, at the place of a number that counts from 1."""
        return self.name.format(source=source, number=number)

    def read(self, metric: str) -> LearnedShare | None:
        """The place and the source in a name; None if it is not of this form."""
        if match := self._pattern.fullmatch(metric):
            return LearnedShare(self.place.format(number=match.groupdict().get("number")), match["source"])
        return None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern = re.escape(self.name).replace(r"\{number\}", r"(?P<number>\d+)")
        return re.compile(pattern.replace(r"\{source\}", f"(?P<source>{self.source})"))


STITCH_WEIGHTS = LearnedSeries("stitch {number} from {source}", "stitch {number}")
"""The weight of each task's features in a task's own, at each unit of its tower."""

GATE_WEIGHTS = LearnedSeries("gate of {source}", "gates")
"""The weight of each expert in a task's mixture."""

LEVEL_GATE_WEIGHTS = LearnedSeries("level {number}, gate of {source}", "level {number}")
"""The same for each of several levels."""
