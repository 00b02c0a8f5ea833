"""A data set as typed columns, before any task is known."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec import DataNote
from mtl_core.spec.reports import Role
from mtl_core.tabular.column import Column
from mtl_core.tabular.pixel_maps import PixelMap
from mtl_core.tabular.table_columns import ambiguous_dates_note, conversion_notes


@dataclass(frozen=True, eq=False)
class Waveforms:
    """A column of sounds that are in memory.

    Attributes:
        samples: ``[N, samples]`` float32 of -1…1.
        rate: Samples a second.
    """

    samples: NDArray[np.float32]
    rate: int


@dataclass(frozen=True, eq=False)
class Source:
    """A data set before any task is known.

    Attributes:
        columns: By name, in order.
        digest: Hash of the content.
        notes: About the file as a whole; those about columns stand with them.
        pictures: Columns of pictures by name: ``[N, H, W]`` or, in color, ``[N, H, W, 3]`` of 0…255.
        sounds: Columns of sounds by name.
        split: The split of each row, where the data set has its own.
        maps: Targets that have a class for every pixel, by name.
        delimiter: What separates the cells of a text file; ``encoding``: that of its characters.
        sheets: The names of the sheets of a workbook; ``sheet``: the one that was read.
        roles: The role of each column, where the data set comes with them: its inputs are then the default inputs.
            None where roles are suggested from the columns.
        tasks: Suggested tasks as spec data, where the data set comes with them; else None.
        missing_texts: The texts that the spec says count as missing, by column.
        date_features: The parts that the spec says the dates of a column become as inputs.
        folder: The folder where the names of files in columns begin; empty where no column names files.
        image_column: The column that names files of images, where these are all there is beside their classes.
    """

    name: str
    title: str
    description: str
    columns: dict[str, Column]
    digest: str
    notes: tuple[DataNote, ...] = ()
    pictures: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    sounds: Mapping[str, Waveforms] = field(default_factory=dict)
    split: NDArray[np.int8] | None = None
    maps: Mapping[str, PixelMap] = field(default_factory=dict)
    delimiter: str = ""
    encoding: str = ""
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    roles: Mapping[str, Role] | None = None
    tasks: tuple[dict[str, Any], ...] | None = None
    missing_texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    date_features: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    column_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    row_count: int = 0
    folder: str = ""
    image_column: str = ""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.row_count or len(next(iter(self.columns.values())).numbers)

    def expand(self, names: Iterable[str]) -> tuple[str, ...]:
        """The columns of these names, those of a group in its place."""
        return tuple(column for name in names for column in self.column_groups.get(name, (name,)))

    @property
    def has_only_pictures(self) -> bool:
        """Whether a column of pictures is its only default input."""
        return bool(self.pictures) and "input" not in (self.roles or {}).values()

    def notes_of(self, names: Collection[str]) -> tuple[DataNote, ...]:
        """Notes about the file and about the columns of these names."""
        columns = [column for name, column in self.columns.items() if name in names]
        open_dates = [ambiguous_dates_note(column) for column in columns if column.ambiguous and column.format.dates]
        column_notes = [note for column in columns for note in column.notes]
        return (*self.notes, *conversion_notes(columns), *open_dates, *column_notes)


@dataclass(frozen=True, eq=False)
class SourceSample:
    """Some rows of a large data set, the first ones first.

    Attributes:
        source: The rows.
        total_rows: About how many rows the whole data set has.
    """

    source: Source
    total_rows: int
