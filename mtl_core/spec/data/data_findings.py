"""What a check of the data found: faults that make a model look better or worse than it is, and how to mend them."""

from typing import Any, Literal

from mtl_core.spec.base import Report
from mtl_core.spec.data.data_notes import Sentence

FindingPlace = Literal["rows", "column", "task", "split"]


class DataFix(Report):
    """A change of the spec that mends a finding: each path is set to its value."""

    label: str
    changes: dict[str, Any]


class DataFinding(Report):
    """A fault of the data, or of how an experiment uses them.

    Attributes:
        check: Name of the check that found it, which whoever runs the checks adds.
        place: The kind of thing it is about.
        name: Name of the column or task; empty for the rows or the split.
        what: What was found, as a complete sentence.
        advice: What to do about it, as a complete sentence.
        count: Number of rows, cells or columns it is about, if that is known.
        fix: The change of the spec that does it; None where only the data can be mended.
    """

    check: str = ""
    place: FindingPlace
    name: str = ""
    what: Sentence
    advice: Sentence
    count: int | None = None
    fix: DataFix | None = None

    @property
    def where(self) -> str:
        """The place and the name in words."""
        return f"{self.place} {self.name!r}" if self.name else self.place

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.advice}"
