"""The rows that a query of a database answers."""

import time
from collections.abc import Hashable

from mtl_core.datasets.column_settings import check_column_settings
from mtl_core.datasets.dataset_kind import DatasetKind
from mtl_core.datasets.source import Source
from mtl_core.spec import QueryDataset
from mtl_core.tabular.cache import LruCache
from mtl_core.tabular.query import read_query, sqlite_file
from mtl_core.tabular.readers.table_file import file_stamp
from mtl_core.tabular.readers.table_format import RawTable
from mtl_core.tabular.table_columns import read_table

_FRESH_SECONDS = 300.0
"""So long the rows of a server are taken for the same; those of a file are while the file is."""
_tables: dict[Hashable, tuple[float, RawTable]] = {}
_sources: LruCache[Source] = LruCache(4)
_MAX_TABLES = 3


def _stamp(dataset: QueryDataset) -> Hashable:
    """The hash of the rows."""
    return _table(dataset).digest


def _table(dataset: QueryDataset) -> RawTable:
    """The rows, which are read again where they may have changed."""
    file = sqlite_file(dataset.url)
    key = (dataset.url, dataset.sql, file_stamp(file, "dataset.url") if file else None)
    now = time.monotonic()
    if key in _tables and (file or now - _tables[key][0] < _FRESH_SECONDS):
        return _tables[key][1]
    table = read_query(dataset.url, dataset.sql)
    _tables.pop(key, None)
    _tables[key] = now, table
    while len(_tables) > _MAX_TABLES:
        del _tables[next(iter(_tables))]
    return table


def _open_source(dataset: QueryDataset) -> Source:
    table = _table(dataset)
    by_column = (dataset.types, dataset.missing, dataset.date_features)
    key = table.digest, dataset.url, dataset.sql, *(tuple(sorted(of.items())) for of in by_column), dataset.decimal
    return _sources.get(key, lambda: _source(dataset, table))


def _source(dataset: QueryDataset, table: RawTable) -> Source:
    return Source(
        name="query",
        title="Query",
        description=f"{table.description[:1].upper()}{table.description[1:]}.",
        columns=read_table(table.frame, dataset),
        digest=table.digest,
        notes=table.notes,
        missing_texts=dataset.missing,
        date_features=dataset.date_features,
    )


KIND = DatasetKind(_stamp, _open_source, check_column_settings)
