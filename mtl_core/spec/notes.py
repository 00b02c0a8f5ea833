"""What the program decided about a person's data, for the places where that person looks."""

from typing import Literal

from mtl_core.spec.base import Report


class DataNote(Report):
    """One thing that was found in the data, or decided about it: left out, converted, guessed.

    Attributes:
        place: What it concerns.
        name: Which column, task or split; empty for the file or for several.
        what: What was found and what was done about it, as whole sentences that name the place.
        count: How many cells, rows, classes or columns it concerns, where that is a number.
        fix: How to have it otherwise, as a whole sentence; empty where there is nothing to do.
    """

    place: Literal["file", "column", "task", "split"]
    name: str = ""
    what: str
    count: int | None = None
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.fix}".rstrip()
