"""The card of inputs with names: all of them in a list, below it the name and the settings of the selected one."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.document import Document, is_below
from app.formatting import format_quantity
from app.forms import SpecForm, discard
from app.input_references import default_inputs
from app.pages.data.cards.input_list import InputList
from app.pages.data.named_inputs import INPUT_KINDS, columns_of, is_named
from app.theme import GAP
from app.widgets import Card, InlineError, LineEdit, Muted, ToolButton
from mtl_core.spec import Problem, join

_PATH = ("dataset", "inputs")
_COLUMN_FIELDS = ("column", "columns")
_LINES = 4
"""Of the settings, in the least height of the card."""


class InputsCard(Card):
    """Edits inputs by name; hidden in the short form, whose settings have cards of their own.

    ``renamed(old, new)`` and ``removed(name)`` ask for what changes more than one setting.

    Args:
        document: The experiment.
        parent: Owner.
    """

    renamed = Signal(str, str)
    removed = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__("Inputs", parent=parent)
        self.setObjectName("inputs-card")
        self._document = document
        self._inputs: dict[str, dict[str, Any]] = {}
        self._problems: tuple[Problem, ...] = ()
        self.form: SpecForm | None = None
        self.list = InputList()
        self.name = LineEdit()
        self.name.setObjectName("input-name")
        self.name.setAccessibleName("Name of the input")
        self.name.editingFinished.connect(self._commit_name)
        self.remove = ToolButton("x", "Remove this input", self._remove, name="remove-input")
        self.error = InlineError()
        name_row = QHBoxLayout()
        name_row.setSpacing(GAP)
        name_row.addWidget(Muted("Name"))
        name_row.addWidget(self.name, 1)
        name_row.addWidget(self.remove)
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 2, 0)
        self._column.setSpacing(GAP)
        self._column.addWidget(self.error)
        self._column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumHeight(self.fontMetrics().lineSpacing() * _LINES)
        area.setWidget(content)
        area.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
        self.body.addWidget(self.list)
        self.body.addLayout(name_row)
        self.body.addWidget(area, 1)
        self.list.selected.connect(self._show_current)

    @property
    def input(self) -> str:
        """The name of the input that is shown, or ``""``."""
        names, index = list(self._inputs), self.list.currentRow()
        return names[index] if 0 <= index < len(names) else ""

    def show_data(self, data: Mapping[str, Any], problems: Sequence[Problem]) -> None:
        """Show the inputs of an experiment and the problems of their settings."""
        dataset = data["dataset"]
        stated = dataset.get("inputs")
        inputs = dict(stated) if is_named(dataset) else default_inputs(dataset) if stated is None else {}
        self.setVisible(bool(inputs))
        self._inputs, self._problems = inputs, tuple(problems)
        texts = {name: _describe(value) for name, value in inputs.items()}
        errors = {name: self._problem_of(name) for name in inputs}
        self.list.show_inputs(texts, errors)
        self.set_subtitle(format_quantity(len(inputs), "input"))
        self._show_current()

    def _problem_of(self, name: str) -> str:
        """The first problem of an input or its settings, or ``""``."""
        path = join((*_PATH, name))
        return next((str(problem) for problem in self._problems if is_below(problem.path, path)), "")

    def _show_current(self) -> None:
        name = self.input
        value = self._inputs.get(name) or {}
        spec = INPUT_KINDS.get(str(value.get("kind")))
        if not self.name.hasFocus() or name != self.name.text():
            self.name.setText(name)
        self._show_form(join((*_PATH, name)), spec)
        at = [problem for problem in self._problems if problem.path == join((*_PATH, name))]
        self.error.set_error(str(at[0]) if at else "")
        if self.form is not None:
            self.form.setValue(value)
            self.form.show_problems(self._problems)

    def _edit(self, path: str, value: object, label: str) -> None:
        """Change a setting; inputs that the data set comes with are stated then."""
        stated = is_named(self._document.get("dataset"))
        self._document.set_many({**({} if stated else {join(_PATH): self._inputs}), path: value}, label)

    def _show_form(self, path: str, spec: Any) -> None:
        if self.form is not None and (self.form.spec is not spec or self.form.path != path):
            discard(self.form)
            self.form = None
        if self.form is None and spec is not None:
            self.form = SpecForm(spec, path, skip=_COLUMN_FIELDS)
            self.form.edited.connect(self._edit)
            self._column.insertWidget(1, self.form)

    def _commit_name(self) -> None:
        name, old = self.name.text().strip(), self.input
        if not name or name in self._inputs:
            self.name.setText(old)
        else:
            self.renamed.emit(old, name)

    def _remove(self) -> None:
        if self.input:
            self.removed.emit(self.input)


def _describe(value: object) -> str:
    """What an input is, such as ``Table · views, rating``."""
    if not isinstance(value, Mapping):
        return ""
    kind = str(value.get("kind"))
    title = spec.title if (spec := INPUT_KINDS.get(kind)) else kind
    return " · ".join(filter(None, (title, ", ".join(columns_of(value)))))
