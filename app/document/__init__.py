"""The experiment being edited, with undo."""

from app.document.document import LONGEST_NAME, PLACEHOLDER_NAMES, Document
from app.document.paths import affects, changed_paths, is_below, without_path

__all__ = [
    "LONGEST_NAME",
    "PLACEHOLDER_NAMES",
    "Document",
    "affects",
    "changed_paths",
    "is_below",
    "without_path",
]
