"""Categories and classes that differ in capital letters, spaces or marks only."""

import re
from collections import defaultdict
from collections.abc import Iterator

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.spec import shorten
from mtl_core.spec.data.data_findings import DataFinding
from mtl_core.tabular.column import Column

_IGNORED = re.compile(r"[\s_.-]+")
_MOST = 5000


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find columns with several spellings of a category."""
    for column in data.used_columns:
        if variants := _variants(column):
            spellings = shorten(" and ".join(map(repr, variants[0])))
            count = sum(map(len, variants))
            yield DataFinding(
                place="column",
                name=column.name,
                what=f"{spellings} differ only in capital letters, spaces or marks, and are different categories.",
                advice="Write each category in one way in the data.",
                count=count,
            )


def _variants(column: Column) -> list[list[str]]:
    """The spellings of each category that has several."""
    if column.type != "categorical" or column.unique_count > _MOST:
        return []
    spellings: dict[str, list[str]] = defaultdict(list)
    for text in column.texts:
        if any(letter.isalpha() for letter in text):
            spellings[_IGNORED.sub(" ", text.casefold()).strip()].append(text)
    return [texts for texts in spellings.values() if len(texts) > 1]
