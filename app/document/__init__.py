"""The document that the window edits, with undo."""

from app.document.data_paths import affects, changed_paths, is_below, without_path
from app.document.document import LONGEST_NAME, PLACEHOLDER_NAMES, Document, OpenedFile, read_file

__all__ = [
    "LONGEST_NAME",
    "PLACEHOLDER_NAMES",
    "Document",
    "OpenedFile",
    "affects",
    "changed_paths",
    "is_below",
    "read_file",
    "without_path",
]
