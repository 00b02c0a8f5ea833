"""The document that the window edits, with undo."""

from app.document.data_paths import affects, changed_paths, is_below, without_path
from app.document.document import LONGEST_NAME, PLACEHOLDER_NAMES, Document

__all__ = [
    "LONGEST_NAME",
    "PLACEHOLDER_NAMES",
    "Document",
    "affects",
    "changed_paths",
    "is_below",
    "without_path",
]
