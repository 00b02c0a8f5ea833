"""The table formats that other installed packages read, by kind."""

import re

from mtl_core.plugins import READERS, load_kinds
from mtl_core.spec.data.plugin_reader import PluginReader
from mtl_core.spec.unions import kind_of

TABLE_SUFFIXES = (
    ".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".parquet", ".pq", ".arrow", ".feather", ".ipc",
    ".conll", ".conllu", ".iob", ".bio", ".json", ".jsonl", ".ndjson",
)  # fmt: skip
"""The ends of the names of files that the program reads itself; a test holds it to the formats."""
_SUFFIX = re.compile(r"\.[a-z0-9][a-z0-9._+-]{0,19}")
_used_suffixes = dict.fromkeys(TABLE_SUFFIXES, "the program")


def _broken_rule(reader: type[PluginReader]) -> str:
    suffixes = reader.suffixes
    if not isinstance(suffixes, tuple) or not suffixes or not all(isinstance(suffix, str) for suffix in suffixes):
        return "needs a tuple of file name endings as 'suffixes'"
    for suffix in suffixes:
        if not _SUFFIX.fullmatch(suffix):
            return f"has the suffix {suffix!r}, which must begin with a dot and be in lower case"
        if suffix in _used_suffixes:
            return f"has the suffix {suffix!r}, whose files {_used_suffixes[suffix]} reads"
    if reader.cells not in ("text", "typed"):
        return "needs 'text' or 'typed' as 'cells'"
    _used_suffixes.update(dict.fromkeys(suffixes, kind_of(reader)))
    return ""


READER_PLUGINS: dict[str, type[PluginReader]] = {
    kind_of(reader): reader for reader in load_kinds(READERS, PluginReader, broken_rule=_broken_rule)
}
"""The formats of other packages by kind, in the order of menus."""


def reader_of_name(path: str) -> str | None:
    """The kind of the format of another package that a file's name speaks for; None for any other file."""
    return next((kind for kind, reader in READER_PLUGINS.items() if reader.reads_name(path)), None)
