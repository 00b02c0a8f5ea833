"""Table formats of other packages, as those of the program."""

from mtl_core.errors import WorkbenchError
from mtl_core.plugins import builder_of, plugin_fault
from mtl_core.spec import InputError
from mtl_core.spec.data.plugin_reader import PluginReader
from mtl_core.spec.unions import kind_of
from mtl_core.tabular.readers.table_format import FileContent, RawTable, TableFormat

_STATED_FIX = "Remove dataset.format to have the format recognized by the content."


def table_format(reader: type[PluginReader]) -> TableFormat:
    """Return the format of another package's reader, whose module is imported when a file is read."""
    kind = kind_of(reader)

    def read(file: FileContent) -> RawTable | None:
        is_stated = file.stated_format == kind
        if not is_stated and not reader.reads_name(file.name):
            return None
        table = _read(reader, file)
        if table is None and is_stated:
            raise InputError("dataset.path", f"is no {reader.title} file", found=file.name, fix=_STATED_FIX)
        return table

    return TableFormat(reader.title, reader.suffixes, reader.cells, read, reader.help().rstrip("."), kind)


def _read(reader: type[PluginReader], file: FileContent) -> RawTable | None:
    module = builder_of(reader)
    try:
        table = module.read(file)
    except WorkbenchError:
        raise
    except Exception as error:  # whatever a package does, the error must name it
        raise plugin_fault(reader, f"{reader.builder} cannot read {file.name}", error) from error
    if table is not None and not isinstance(table, RawTable):
        raise plugin_fault(reader, f"{reader.builder}.read must return a RawTable or None", table)
    return table
