"""The card of inputs with names: for each a tab with its name, its columns and its settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.document import Document
from app.forms import SpecForm, discard
from app.input_references import default_inputs
from app.pages.data.named_inputs import INPUT_KINDS, columns_of, is_named
from app.theme import GAP
from app.widgets import Card, InlineError, LineEdit, Muted, TaskTabs, ToolButton
from mtl_core.spec import Problem, join
from mtl_core.text import format_names

_PATH = ("dataset", "inputs")
_COLUMN_FIELDS = ("column", "columns")
_MOST_COLUMNS = 4


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
        self.tabs = TaskTabs("input-tabs", "input")
        self.name = LineEdit()
        self.name.setObjectName("input-name")
        self.name.setAccessibleName("Name of the input")
        self.name.editingFinished.connect(self._commit_name)
        self.remove = ToolButton("x", "Remove this input", self._remove, name="remove-input")
        self.about = Muted(wrap=True)
        self.error = InlineError()
        self.header.insertWidget(1, self.name, 1)
        self.header.addWidget(self.remove)
        self.subtitle.hide()
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 2, 0)
        self._column.setSpacing(GAP)
        self._column.addWidget(self.about)
        self._column.addWidget(self.error)
        self._column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        area.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
        self.body.addWidget(self.tabs)
        self.body.addWidget(area, 1)
        self.tabs.currentChanged.connect(lambda _index: self._show_current())

    @property
    def input(self) -> str:
        """The name of the input that is shown, or ``""``."""
        names, index = list(self._inputs), self.tabs.currentIndex()
        return names[index] if 0 <= index < len(names) else ""

    def show_input(self, name: str) -> None:
        """Select the tab of an input."""
        if name in self._inputs:
            self.tabs.setCurrentIndex(list(self._inputs).index(name))

    def show_data(self, data: Mapping[str, Any], problems: Sequence[Problem]) -> None:
        """Show the inputs of an experiment and the problems of their settings."""
        dataset = data["dataset"]
        stated = dataset.get("inputs")
        inputs = dict(stated) if is_named(dataset) else default_inputs(dataset) if stated is None else {}
        self.setVisible(bool(inputs))
        if list(inputs) != list(self._inputs):
            self.tabs.set_names(list(inputs))
        self._inputs, self._problems = inputs, tuple(problems)
        self._show_current()

    def _show_current(self) -> None:
        name = self.input
        value = self._inputs.get(name) or {}
        spec = INPUT_KINDS.get(str(value.get("kind")))
        if not self.name.hasFocus() or name != self.name.text():
            self.name.setText(name)
        columns = [repr(column) for column in columns_of(value)]
        noun = "column" if len(columns) == 1 else "columns"
        title = spec.title if spec else str(value.get("kind"))
        self.about.setText(f"{title} · {noun} {format_names(columns, _MOST_COLUMNS)}" if value else "")
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
            self._column.insertWidget(2, self.form)

    def _commit_name(self) -> None:
        name, old = self.name.text().strip(), self.input
        if not name or name in self._inputs:
            self.name.setText(old)
        else:
            self.renamed.emit(old, name)

    def _remove(self) -> None:
        if self.input:
            self.removed.emit(self.input)
