"""Read Arrow files and streams as typed columns; Feather files are Arrow files."""

import io

from mtl_core.spec import InputError
from mtl_core.tabular.readers.table_format import FileContent, RawTable, TableFormat

_SUFFIXES = (".arrow", ".feather", ".ipc")
_FILE_MAGIC = b"ARROW1\0\0"
_FEATHER_1_MAGIC = b"FEA1"
_STREAM_MAGIC = b"\xff\xff\xff\xff"


def _read(file: FileContent) -> RawTable | None:
    magics = (_FILE_MAGIC, _FEATHER_1_MAGIC)
    if not file.data.startswith(magics) and not file.has_suffix(_SUFFIXES):
        return None
    from pyarrow.ipc import open_file, open_stream
    from pyarrow.lib import ArrowException

    if file.data.startswith(_FEATHER_1_MAGIC):
        fix = "Write it again with a newer version of the library, or save it as Parquet."
        raise InputError("dataset.path", "is Feather of version 1, which is not read", found=file.name, fix=fix)
    try:
        open_reader = open_stream if file.data.startswith(_STREAM_MAGIC) else open_file
        table = open_reader(io.BytesIO(file.data)).read_all()  # type: ignore[no-untyped-call]  # pyarrow has no types
        table.validate(full=True)  # offsets of a damaged file can lead outside its buffers
        return RawTable(table.to_pandas(ignore_metadata=True), "Arrow")
    except (ArrowException, OSError, NotImplementedError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError("dataset.path", f"is not a whole Arrow file ({reason})", found=file.name) from None


FORMAT = TableFormat("Arrow", _SUFFIXES, "typed", _read)
