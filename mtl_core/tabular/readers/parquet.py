"""Read Parquet files as typed columns."""

import io

from mtl_core.spec import InputError
from mtl_core.tabular.readers.table_format import FileContent, RawTable, TableFormat

_SUFFIXES = (".parquet", ".pq")
_MAGIC = b"PAR1"
_READER_PREFIX = "Could not open Parquet input source '<Buffer>': "


def _read(file: FileContent) -> RawTable | None:
    if not file.data.startswith(_MAGIC) and not file.has_suffix(_SUFFIXES):
        return None
    import pyarrow.parquet as pq
    from pyarrow.lib import ArrowException

    try:
        table = pq.read_table(io.BytesIO(file.data))  # type: ignore[no-untyped-call]  # pyarrow has no types
        return RawTable(table.to_pandas(ignore_metadata=True), "Parquet")
    except (ArrowException, OSError, NotImplementedError) as error:
        reason = str(error).splitlines()[0].rstrip(".").removeprefix(_READER_PREFIX)
        raise InputError("dataset.path", f"is not a whole Parquet file ({reason})", found=file.name) from None


FORMAT = TableFormat("Parquet", _SUFFIXES, "typed", _read)
