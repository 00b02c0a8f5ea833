"""A table file of the user's."""

from collections.abc import Hashable
from pathlib import Path

from mtl_core.datasets.dataset_kind import DatasetKind
from mtl_core.datasets.source import Source
from mtl_core.spec import InputError, TableDataset
from mtl_core.tabular.cache import LruCache
from mtl_core.tabular.column_lookup import find_column
from mtl_core.tabular.readers.table_file import Stamp, file_stamp, read_file
from mtl_core.tabular.readers.table_format import RawTable
from mtl_core.tabular.table_columns import read_table

_raw_tables: LruCache[RawTable] = LruCache(3)
_sources: LruCache[Source] = LruCache(6)


def _stamp(dataset: TableDataset) -> Stamp:
    return file_stamp(dataset.path)


def _open_source(dataset: TableDataset) -> Source:
    file_key = file_stamp(dataset.path), dataset.delimiter, dataset.encoding, dataset.format
    column_key = tuple(sorted(dataset.types.items())), tuple(sorted(dataset.missing.items())), dataset.decimal
    return _sources.get((file_key, column_key), lambda: _read(dataset, file_key))


def _read(dataset: TableDataset, file_key: Hashable) -> Source:
    options = dataset.path, dataset.delimiter, dataset.encoding
    raw = _raw_tables.get(file_key, lambda: read_file(*options, stated_format=dataset.format))
    name = Path(dataset.path).name
    return Source(
        name=name,
        title=name,
        description=raw.description[:1].upper() + raw.description[1:] + ".",
        columns=read_table(raw.frame, dataset, raw.delimiter),
        digest=raw.digest,
        notes=raw.notes,
        delimiter=raw.delimiter,
        encoding=raw.encoding,
        missing_texts=dataset.missing,
        folder=str(Path(dataset.path).expanduser().absolute().parent),
    )


def _check_settings(dataset: TableDataset, source: Source) -> None:
    for name, column_type in dataset.types.items():
        column = find_column(source.columns, name, f"dataset.types.{name}")
        if column_type == "numeric" and not column.unique_count and column.notes:
            fix = "Set its type to categorical."
            raise InputError(f"dataset.types.{name}", "no cell of this column is a number", found=name, fix=fix)
    for name in dataset.missing:
        find_column(source.columns, name, f"dataset.missing.{name}")


KIND = DatasetKind(_stamp, _open_source, _check_settings)
