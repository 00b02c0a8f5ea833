"""An editor for a list of strings."""

import csv
import io
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.widgets import TextField


class TextListEditor(TextField):
    """Edits a list of strings separated by commas; a string with a comma is quoted.

    Args:
        single: Whether a list of one is a plain string.
        parent: Owner.
    """

    valueChanged = Signal(object)

    def __init__(self, *, single: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(separators=", ", parent=parent)
        self._single = single
        self.textEdited.connect(lambda _text: self.valueChanged.emit(self.value()))

    def value(self) -> Any:
        """The strings: a list, or with ``single`` a plain string if there is just one."""
        row = next(csv.reader([self.text()], skipinitialspace=True), [])
        texts = [text.strip() for text in row if text.strip()]
        return texts[0] if self._single and len(texts) == 1 else texts

    def setValue(self, value: Any) -> None:
        """Show the strings."""
        texts = [value] if isinstance(value, str) else list(value or ())
        if value != self.value():
            line = io.StringIO()
            csv.writer(line, lineterminator="").writerow(texts)
            self.setText(line.getvalue().replace(",", ", ") if not any("," in t for t in texts) else line.getvalue())
