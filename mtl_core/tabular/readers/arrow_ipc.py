"""Read Arrow files and streams as typed columns; Feather files are Arrow files."""

import io
from pathlib import Path
from typing import Any

from mtl_core.protocol.work_progress import report_progress
from mtl_core.spec import InputError
from mtl_core.tabular.readers.table_format import Excerpt, FileContent, RawTable, TableFormat

_SUFFIXES = (".arrow", ".feather", ".ipc")
_FILE_MAGIC = b"ARROW1\0\0"
_FEATHER_1_MAGIC = b"FEA1"
_STREAM_MAGIC = b"\xff\xff\xff\xff"
_MIN_BYTES = 1 << 24
_HEAD_ROWS, _BATCH_ROWS, _BATCHES = 4096, 512, 16
"""Rows of an excerpt from the first record batch, and from each of up to so many others."""


def _read(file: FileContent) -> RawTable | None:
    magics = (_FILE_MAGIC, _FEATHER_1_MAGIC)
    if not file.data.startswith(magics) and not file.has_suffix(_SUFFIXES):
        return None
    from pyarrow.lib import ArrowException

    from mtl_core.tabular.arrow import arrow, ipc

    if file.data.startswith(_FEATHER_1_MAGIC):
        fix = "Write it again with a newer version of the library, or save it as Parquet."
        raise InputError("dataset.path", "is Feather of version 1, which is not read", found=file.name, fix=fix)
    try:
        if file.data.startswith(_STREAM_MAGIC):
            table = ipc().open_stream(io.BytesIO(file.data)).read_all()
        else:
            reader = ipc().open_file(io.BytesIO(file.data))
            batches = []
            for batch in range(reader.num_record_batches):
                report_progress(f"Reading {file.name}", 0.1 + 0.2 * batch / reader.num_record_batches)
                batches.append(reader.get_batch(batch))
            table = arrow().Table.from_batches(batches, reader.schema)
        table.validate(full=True)  # offsets of a damaged file can lead outside its buffers
        return RawTable(table.to_pandas(ignore_metadata=True), "Arrow")
    except (ArrowException, OSError, NotImplementedError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError("dataset.path", f"is not a whole Arrow file ({reason})", found=file.name) from None


def _excerpt(path: Path) -> Excerpt | None:
    with path.open("rb") as file:
        start = file.read(len(_FILE_MAGIC))
    if path.stat().st_size < _MIN_BYTES or not start.startswith((_FILE_MAGIC, _STREAM_MAGIC)):
        return None
    from mtl_core.tabular.arrow import arrow, ipc

    pa = arrow()
    try:
        with pa.memory_map(str(path)) as source:
            batches, share = (_stream_batches if start.startswith(_STREAM_MAGIC) else _file_batches)(source)
            table = pa.Table.from_batches(batches)
            table.validate(full=True)
            content = io.BytesIO()
            with ipc().new_file(content, table.schema) as writer:
                writer.write_table(table)
    except (pa.ArrowException, OSError, NotImplementedError, ValueError, StopIteration, ZeroDivisionError):
        return None  # to read the whole file tells what is wrong with it
    return Excerpt(content.getvalue(), share)


def _file_batches(file: Any) -> tuple[list[Any], float]:
    """The beginnings of some record batches, and the share of the rows that they have if all are of one size."""
    from mtl_core.tabular.arrow import ipc

    reader = ipc().open_file(file)
    count = reader.num_record_batches
    chosen = [0, *range(1, count, max(1, (count - 1) // _BATCHES))]
    whole = [reader.get_batch(i) for i in chosen]
    batches = [batch.slice(0, _BATCH_ROWS if i else _HEAD_ROWS) for i, batch in enumerate(whole)]
    mean_rows = sum(map(len, whole)) / len(whole)
    return batches, sum(map(len, batches)) / (mean_rows * count)


def _stream_batches(file: Any) -> tuple[list[Any], float]:
    """The beginning of the first record batch of a stream, and the share of the rows by the bytes read for it."""
    from mtl_core.tabular.arrow import ipc

    batch = next(iter(ipc().open_stream(file)))
    head = batch.slice(0, _HEAD_ROWS)
    return [head], len(head) / len(batch) * file.tell() / file.size()


FORMAT = TableFormat("Arrow", _SUFFIXES, "typed", _read, excerpt=_excerpt)
