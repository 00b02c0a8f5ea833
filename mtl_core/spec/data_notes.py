"""What the program decided about a person's data, for the places where that person looks."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from mtl_core.errors import shorten
from mtl_core.spec.base import Report

_LONGEST = 400
Sentence = Annotated[str, AfterValidator(lambda text: shorten(text, _LONGEST))]
"""Text that may quote names and cells of any length."""


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
    what: Sentence
    count: int | None = None
    fix: Sentence = ""

    def __str__(self) -> str:
        return f"{self.what} {self.fix}".rstrip()
