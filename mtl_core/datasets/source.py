"""Any data set as typed columns, read once and kept while it does not change."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.bundled.catalogue import ENTRIES
from mtl_core.datasets.bundled.multidigits import generate
from mtl_core.datasets.bundled.shapes import BACKGROUND, NAMES, generate_shapes
from mtl_core.spec import BundledDataset, DataNote, Dataset, SplitSpec, TableDataset
from mtl_core.tabular.cache import Recent
from mtl_core.tabular.column import Column
from mtl_core.tabular.pixel_maps import PixelMap
from mtl_core.tabular.readers.table_file import read_file, stamp
from mtl_core.tabular.readers.table_format import RawTable
from mtl_core.tabular.table_columns import conversion_notes, open_dates_note, read_columns, read_table
from mtl_core.tabular.text.tokenizer import tokenizer_stamp

_raw: Recent[RawTable] = Recent(3)
_sources: Recent["Source"] = Recent(6)


@dataclass(frozen=True, eq=False)
class Source:
    """A data set before any task is known.

    Attributes:
        columns: By name, in order.
        digest: Hash of the content.
        images: ``[N, H, W]`` or, in colour, ``[N, H, W, 3]`` of 0…255 when the input is an image; the columns are then
            targets only.
        notes: About the file as a whole; those about columns stand with them.
        split: The split of each row, where the data set has its own.
        maps: Targets that have a class for every pixel, by name.
        delimiter: What separates the cells of a text file; ``encoding``: that of its characters.
    """

    name: str
    title: str
    description: str
    columns: dict[str, Column]
    digest: str
    notes: tuple[DataNote, ...] = ()
    images: NDArray[np.uint8] | None = None
    split: NDArray[np.int8] | None = None
    maps: Mapping[str, PixelMap] = field(default_factory=dict)
    delimiter: str = ""
    encoding: str = ""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values())).numbers)

    def notes_of(self, names: Collection[str]) -> tuple[DataNote, ...]:
        """What was decided about the file and some of its columns."""
        columns = [column for name, column in self.columns.items() if name in names]
        open_dates = [open_dates_note(column) for column in columns if column.unsettled and column.format.dates]
        own = [note for column in columns for note in column.notes]
        return (*self.notes, *conversion_notes(columns), *open_dates, *own)


def source_key(dataset: Dataset) -> Hashable:
    """Changes when the data set does: the spec, for a file its stamp, and that of the tokenizer of its texts.

    Raises:
        InputError: There is no such file.
    """
    file = stamp(dataset.path) if isinstance(dataset, TableDataset) else ()
    return dataset.model_dump_json(), file, tokenizer_stamp(dataset.text.tokenizer)


def open_source(dataset: Dataset) -> Source:
    """The data set's columns.

    Raises:
        InputError: It cannot be read.
    """
    match dataset:
        case TableDataset():
            key = stamp(dataset.path), dataset.delimiter, dataset.encoding, dataset.format
            stated = tuple(sorted(dataset.types.items())), tuple(sorted(dataset.missing.items())), dataset.decimal
            return _sources.get((key, stated), lambda: _table(dataset, key))
        case BundledDataset(name="multidigits"):
            split = dataset.split.model_copy(update={"tasks": ()})  # its rows do not depend on the tasks
            return _sources.get(split.model_dump_json(), lambda: _multidigits(split))
        case BundledDataset(name="shapes"):
            return _sources.get("shapes", _shapes)
        case _:
            return _sources.get(dataset.name, lambda: _bundled_table(dataset.name))


def _table(dataset: TableDataset, key: Hashable) -> Source:
    reading = dataset.path, dataset.delimiter, dataset.encoding
    raw = _raw.get(key, lambda: read_file(*reading, stated_format=dataset.format))
    columns = read_table(raw.frame, dataset, raw.delimiter)
    name = Path(dataset.path).name
    form = raw.form[:1].upper() + raw.form[1:] + "."
    return Source(name, name, form, columns, raw.digest, raw.notes, delimiter=raw.delimiter, encoding=raw.encoding)


def _multidigits(split: SplitSpec) -> Source:
    pairs = generate(split)
    texts = tuple(str(digit) for digit in range(10))
    nothing = np.full(len(pairs.left), np.nan)
    columns = {
        side: Column(side, "categorical", nothing, digits, texts)
        for side, digits in (("left", pairs.left), ("right", pairs.right))
    }
    digest = blake2b(pairs.images.tobytes(), digest_size=16)
    digest.update(pairs.left.tobytes() + pairs.right.tobytes() + pairs.split.tobytes())
    entry = ENTRIES["multidigits"]
    return Source(
        entry.name, entry.title, entry.description, columns, digest.hexdigest(), (), pairs.images, pairs.split
    )


def _shapes() -> Source:
    made = generate_shapes()
    nothing, none = np.full(len(made.classes), np.nan), np.full(len(made.classes), -1, np.int64)
    columns = {"shape": Column("shape", "categorical", nothing, made.classes, NAMES)}
    for name, numbers in zip(("x", "y", "width", "height"), made.boxes.T, strict=True):
        columns[name] = Column(name, "numeric", numbers, none)
    digest = blake2b(made.images.tobytes() + made.masks.tobytes() + made.boxes.tobytes(), digest_size=16).hexdigest()
    entry = ENTRIES["shapes"]
    maps = {"mask": PixelMap(made.masks, (BACKGROUND, *NAMES))}
    return Source(entry.name, entry.title, entry.description, columns, digest, (), made.images, maps=maps)


def _bundled_table(name: str) -> Source:
    entry = ENTRIES[name]
    assert entry.frame is not None
    frame = entry.frame()
    digest = blake2b(frame.to_csv(index=False).encode(), digest_size=16).hexdigest()
    return Source(entry.name, entry.title, entry.description, read_columns(frame, entry.types), digest)
