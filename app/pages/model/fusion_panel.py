"""The settings of the fusion, with what arrives there, its output and its error."""

from typing import Any

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from app.document import Document, affects
from app.formatting import format_count_short, format_shape
from app.forms import ChoiceEditor, KindForm, RowLine, bind
from app.forms.form import LABEL_CHARACTERS
from app.input_references import input_kinds
from app.theme import GAP
from app.widgets import InlineError, Muted
from mtl_core.spec import Fix, LayerInfo, members
from mtl_core.spec.fusion import Fusion

_PATH, _QUERY = "model.fusion", "query"


class FusionPanel(QWidget):
    """Edits ``model.fusion``: its kind and settings, the input that asks the others, and the fix of its error.

    Args:
        document: The experiment.
        parent: Owner.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._fix: Fix | None = None
        self.line = RowLine(handle=False)
        self.line.setObjectName("fusion-line")
        self.line.detail.show()
        self.error = InlineError()
        self.error.link.setObjectName(f"fix:{_PATH}")
        self.form = KindForm(members(Fusion), _PATH, skip=(_QUERY,))
        bind(self.form, document)
        self.query = ChoiceEditor(())
        self.query.setObjectName(f"{_PATH}.{_QUERY}")
        self.query.setAccessibleName("Query input")
        self.query.setToolTip("The input that attends to the others")
        self.query.valueChanged.connect(lambda name: document.set(f"{_PATH}.{_QUERY}", name, f"Query input {name}"))
        self._query_row = _row("Query input", self.query)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for widget in (self.line, self.error, self.form, self._query_row):
            column.addWidget(widget)
        document.changed.connect(self._on_document_changed)
        self._show_query()

    def show_fusion(self, fusion: LayerInfo | None) -> None:
        """Show what arrives, the output and the error; None while they are not known."""
        title = fusion.title if fusion else ""
        shape = format_shape(fusion.output_shape) if fusion else ""
        parameters = f"{format_count_short(fusion.parameters)} parameters" if fusion and fusion.parameters else ""
        failed = bool(fusion and fusion.error)
        self.line.title.setText(title)
        self.line.detail.setText(fusion.detail if fusion else "")
        self.line.shape.setText("cannot be built" if failed else " · ".join(filter(None, (shape, parameters))))
        self.line.set_tone("error" if failed else "")
        self.line.setAccessibleName(f"{title}, {self.line.detail.full_text()}, {self.line.shape.full_text()}")
        self._fix = fusion.fix if fusion else None
        label = self._fix.label if self._fix else ""
        self.error.set_error((fusion.error or "") if fusion else "", label, self._apply_fix)

    def _apply_fix(self) -> None:
        if self._fix is not None:
            self._document.set(self._fix.path, self._fix.value, self._fix.label, merge=False)

    def _on_document_changed(self, paths: list[str]) -> None:
        if affects(paths, _PATH) or affects(paths, "dataset"):
            self._show_query()

    def _show_query(self) -> None:
        """Offer the inputs, where the kind of fusion has an input that asks the others."""
        fusion: Any = self._document.get(_PATH)
        names = tuple(input_kinds(self._document.get("dataset")))
        self._query_row.setVisible(isinstance(fusion, dict) and _QUERY in fusion)
        if names and isinstance(fusion, dict):
            self.query.set_choices(names, names)
            self.query.setValue(fusion.get(_QUERY) or names[0])


def _row(title: str, editor: QWidget) -> QWidget:
    """A labeled editor, lined up with those of the form."""
    row = QWidget()
    grid = QGridLayout(row)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(GAP)
    grid.setColumnMinimumWidth(0, row.fontMetrics().horizontalAdvance("0") * LABEL_CHARACTERS)
    grid.setColumnStretch(2, 1)
    grid.addWidget(Muted(title), 0, 0)
    grid.addWidget(editor, 0, 1)
    return row
