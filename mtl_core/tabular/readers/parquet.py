"""Read Parquet files as typed columns."""

import io
from pathlib import Path

from mtl_core.protocol.work_progress import report_progress
from mtl_core.spec import InputError
from mtl_core.tabular.arrow import arrow, parquet
from mtl_core.tabular.readers.table_format import Excerpt, FileContent, RawTable, TableFormat

_SUFFIXES = (".parquet", ".pq")
_MAGIC = b"PAR1"
_MIN_BYTES = 1 << 24
_HEAD_ROWS, _GROUP_ROWS, _GROUPS = 4096, 512, 16
"""Rows of an excerpt from the first row group, and from each of up to so many others."""
_READER_PREFIX = "Could not open Parquet input source '<Buffer>': "


def _read(file: FileContent) -> RawTable | None:
    if not file.data.startswith(_MAGIC) and not file.has_suffix(_SUFFIXES):
        return None
    pa = arrow()
    try:
        source = parquet().ParquetFile(io.BytesIO(file.data))
        groups = []
        for group in range(source.num_row_groups):
            report_progress(f"Reading {file.name}", 0.1 + 0.2 * group / source.num_row_groups)
            groups.append(source.read_row_group(group))
        table = pa.concat_tables(groups) if groups else source.read()
        return RawTable(table.to_pandas(ignore_metadata=True), "Parquet")
    except (pa.ArrowException, OSError, NotImplementedError) as error:
        reason = str(error).splitlines()[0].rstrip(".").removeprefix(_READER_PREFIX)
        raise InputError("dataset.path", f"is not a whole Parquet file ({reason})", found=file.name) from None


def _excerpt(path: Path) -> Excerpt | None:
    with path.open("rb") as file:
        if path.stat().st_size < _MIN_BYTES or file.read(len(_MAGIC)) != _MAGIC:
            return None
    pa, pq = arrow(), parquet()
    try:
        with pq.ParquetFile(path) as source:
            others = range(1, source.num_row_groups, max(1, (source.num_row_groups - 1) // _GROUPS))
            parts = [
                next(source.iter_batches(rows, row_groups=[group]), None)
                for group, rows in ((0, _HEAD_ROWS), *((group, _GROUP_ROWS) for group in others))
            ]
            table = pa.Table.from_batches([part for part in parts if part is not None])
            share = table.num_rows / source.metadata.num_rows
        content = io.BytesIO()
        pq.write_table(table, content)
    except (pa.ArrowException, OSError, NotImplementedError, ValueError, ZeroDivisionError):
        return None  # to read the whole file tells what is wrong with it
    return Excerpt(content.getvalue(), share)


FORMAT = TableFormat("Parquet", _SUFFIXES, "typed", _read, excerpt=_excerpt)
