"""Rows with equal inputs, and whether they are copies or equal by coincidence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mtl_core.datasets.preflight.row_hashes import Hashes, column_bits, mix, picture_bits
from mtl_core.datasets.source import Source
from mtl_core.tabular.column import Rows

_MOSTLY_UNIQUE = 0.5
_MOST_COLUMNS = 12
"""Columns that are looked at for rows that nearly are equal."""


@dataclass(frozen=True, eq=False)
class EqualRows:
    """Hashes of the inputs of all rows.

    Attributes:
        hashes: ``[N]``, the sum of those of each input.
        by_input: ``[N]`` for each input.
    """

    hashes: Hashes
    by_input: tuple[Hashes, ...]

    def count_seen(self, rows: Rows, seen: Rows) -> int:
        """The number of rows whose inputs some of the seen rows have too."""
        return int(np.isin(self.hashes[rows], self.hashes[seen]).sum())

    def are_copies(self, rows: Rows) -> bool:
        """Whether equal rows, if any, are copies: most rows differ, and few are equal in all columns but one.

        Where cells have few values, such as lengths to a tenth, rows are equal by coincidence; then many more are equal
        in all columns but one.
        """
        hashes = self.hashes[rows]
        distinct = len(np.unique(hashes))
        if distinct < _MOSTLY_UNIQUE * len(hashes):
            return False
        repeated = len(hashes) - distinct
        nearly = [len(hashes) - len(np.unique(hashes - part[rows])) - repeated for part in self._parts()]
        return float(np.mean(nearly)) < repeated if nearly else True

    def _parts(self) -> Sequence[Hashes]:
        return self.by_input[:_MOST_COLUMNS] if len(self.by_input) > 1 else ()


def find_equal_rows(source: Source, inputs: Sequence[str]) -> EqualRows | None:
    """Hash the inputs of all rows; None where there is nothing to compare, or pictures are too large.

    Args:
        source: The data.
        inputs: The columns to compare.
    """
    parts: list[Hashes] = []
    for place, name in enumerate(inputs):
        if (pictures := source.pictures.get(name)) is not None:
            bits = picture_bits(pictures)
            if bits is None:
                return None
        elif name in source.columns:
            bits = column_bits(source.columns[name])
        else:
            continue
        parts.append(mix(bits, place))
    only_column = source.columns.get(inputs[0]) if len(inputs) == 1 else None
    if not parts or (only_column is not None and only_column.type == "numeric"):
        return None
    return EqualRows(np.sum(parts, axis=0, dtype=np.uint64), tuple(parts))
