"""A table file of the user's."""

from collections.abc import Hashable
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from mtl_core.datasets.column_settings import check_column_settings
from mtl_core.datasets.dataset_kind import DatasetKind
from mtl_core.datasets.source import Source, SourceSample
from mtl_core.errors import EnvironmentFault
from mtl_core.spec import InputError, JoinedTable, TableDataset
from mtl_core.tabular.cache import LruCache
from mtl_core.tabular.join import check_key, join_tables
from mtl_core.tabular.readers.sample import read_sample
from mtl_core.tabular.readers.table_file import Stamp, file_stamp, read_file
from mtl_core.tabular.readers.table_format import FileContent, RawTable
from mtl_core.tabular.table_columns import read_table

_raw_tables: LruCache[RawTable] = LruCache(3)
_sources: LruCache[Source] = LruCache(6)


def _stamp(dataset: TableDataset) -> Hashable:
    stamp = file_stamp(dataset.path)
    return (stamp, _join_stamps(dataset)) if dataset.join else stamp


def _join_stamps(dataset: TableDataset) -> tuple[Stamp, ...]:
    return tuple(file_stamp(joined.path, f"dataset.join[{i}].path") for i, joined in enumerate(dataset.join))


def _open_source(dataset: TableDataset) -> Source:
    file_key = _file_key(dataset)
    by_column = (dataset.types, dataset.missing, dataset.date_features)
    column_key = *(tuple(sorted(settings.items())) for settings in by_column), dataset.decimal
    return _sources.get((file_key, column_key), lambda: _source(dataset, cached_raw_table(dataset)))


def _options(dataset: TableDataset) -> tuple[Hashable, ...]:
    return dataset.delimiter, dataset.encoding, dataset.format, dataset.header, dataset.sheet, dataset.join


def _open_sample(dataset: TableDataset) -> SourceSample | None:
    if _file_key(dataset) in _raw_tables or dataset.join:
        return None
    sample = read_sample(Path(dataset.path).expanduser(), _content_options(dataset))
    if sample is None:
        return None
    return SourceSample(_source(dataset, sample.table), sample.total_rows)


def _file_key(dataset: TableDataset) -> Hashable:
    """What the cells of the table follow from."""
    return file_stamp(dataset.path), *_options(dataset), *_join_stamps(dataset)


def cached_raw_table(dataset: TableDataset) -> RawTable:
    """The cells of the table, with those of the tables that are joined."""
    return _raw_tables.get(_file_key(dataset), lambda: read_raw_table(dataset))


def _source(dataset: TableDataset, raw: RawTable) -> Source:
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
        sheets=raw.sheets,
        sheet=raw.sheet,
        missing_texts=dataset.missing,
        date_features=dataset.date_features,
        folder=str(Path(dataset.path).expanduser().absolute().parent),
    )


def _content_options(dataset: TableDataset) -> FileContent:
    """What the spec states about the file."""
    return FileContent(
        b"",
        Path(dataset.path).name,
        dataset.delimiter,
        dataset.encoding,
        stated_format=dataset.format,
        header=dataset.header,
        sheet=dataset.sheet,
    )


def read_raw_table(dataset: TableDataset) -> RawTable:
    """The same, read anew."""
    table = read_file(dataset.path, _content_options(dataset))
    for i, joined in enumerate(dataset.join):
        table = _join(table, joined, f"dataset.join[{i}]")
    return table


def read_joined(path: str, where: str) -> RawTable:
    """Read the file of a joined table.

    Args:
        path: The file.
        where: Path of the joined table in the spec, for errors.

    Raises:
        InputError: There is no such file, or it is no table.
        EnvironmentFault: It may not or cannot be read.
    """
    try:
        return read_file(path)
    except (InputError, EnvironmentFault) as error:
        problem = error.problem
        found = problem.found or Path(path).name
        raise type(error)(f"{where}.path", problem.rule, found=found, fix=problem.fix) from None


def _join(table: RawTable, joined: JoinedTable, where: str) -> RawTable:
    """The table with the columns of another one."""
    name = Path(joined.path).name
    other = read_joined(joined.path, where)
    check_key(table.frame, joined.key, f"{where}.key", "the table")
    setting = "other_key" if joined.other_key else "key"
    check_key(other.frame, other_key := joined.other_key or joined.key, f"{where}.{setting}", name)
    frame, notes = join_tables(table.frame, other.frame, (joined.key, other_key), name)
    digest = blake2b((table.digest + other.digest).encode(), digest_size=16).hexdigest()
    return replace(table, frame=frame, digest=digest, notes=(*table.notes, *other.notes, *notes))


KIND = DatasetKind(_stamp, _open_source, check_column_settings, _open_sample)
