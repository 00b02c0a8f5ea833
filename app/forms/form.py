"""Forms generated from spec classes: a row per field, a sub-form per nested class, a combo box per union."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.document import is_below
from app.forms.discard import discard
from app.forms.editor_factory import make_editor
from app.forms.editors.choice import ChoiceEditor
from app.forms.editors.column import ColumnEditor
from app.forms.editors.kind_list import KindListEditor
from app.forms.editors.optional import OptionalEditor
from app.forms.editors.task_weights import WeightsEditor
from app.forms.field_cell import FieldCell, FoldButton, name_editor
from app.forms.field_shapes import (
    FieldShape,
    KindList,
    Kinds,
    Nested,
    OptionalValue,
    Unknown,
    defaults_of,
    fields_of,
    initial,
)
from app.forms.form_grid import FormGrid
from app.theme import GAP, control_height
from app.widgets import Label, Muted, plain_tooltip
from mtl_core.spec import Problem, Spec, join, kind_of, parse

LABEL_CHARACTERS = 15
"""Width of the column of labels, so that forms one under the other line up."""


class SpecForm(QWidget):
    """A form with a row per field of one spec class.

    ``edited(path, value, label)`` is emitted for the field that the user changed, ``valueChanged`` with all data;
    neither by ``setValue``. Data of fields that are not shown are kept.

    Args:
        spec: The class.
        path: Path of its data in the experiment; the objectName of every editor begins with it.
        only: Names of the fields to show; all by default.
        skip: Names of fields not to show.
        label_characters: Minimum width of the labels, in digits.
        parent: Owner.
    """

    valueChanged = Signal(object)
    edited = Signal(str, object, str)

    def __init__(
        self,
        spec: type[Spec],
        path: str = "",
        *,
        only: Sequence[str] = (),
        skip: Sequence[str] = (),
        label_characters: int = LABEL_CHARACTERS,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.spec, self.path = spec, path
        self.setObjectName(f"form:{path}")
        self.editors: dict[str, QWidget] = {}
        self._cells: dict[str, FieldCell] = {}
        self._folded: list[QWidget] = []
        self._value: dict[str, Any] = {}
        self._grid = FormGrid(self, self.fontMetrics().horizontalAdvance("0") * label_characters)
        shown = [f for f in fields_of(spec) if (not only or f.name in only) and f.name not in skip]
        shown = [f for f in shown if not f.hidden and not isinstance(f.shape, Unknown)]
        for shape in (f for f in shown if not f.advanced):
            self._add(shape)
        if advanced := [f for f in shown if f.advanced]:
            self._add_folded(advanced)
        self.setValue(defaults_of(spec))

    @property
    def empty(self) -> bool:
        """Whether the form has no fields."""
        return not self.editors

    def value(self) -> dict[str, Any]:
        """The data, including fields that are not shown."""
        return {**self._value, **{name: _as_editor(e).value() for name, e in self.editors.items()}}

    def setValue(self, value: Any) -> None:
        """Show data without emitting ``edited``."""
        self._value = dict(value) if isinstance(value, dict) else {}
        for name, editor in self.editors.items():
            if name in self._value:
                _as_editor(editor).setValue(self._value[name])

    def set_columns(self, columns: Sequence[str]) -> None:
        """Set the columns of the data, from which fields that name one offer a choice."""
        for editor in self.editors.values():
            if isinstance(editor, ColumnEditor | SpecForm | KindForm):
                editor.set_columns(columns)

    def minimumSizeHint(self) -> QSize:
        """The least width, at which labels stand above their editors."""
        return QSize(self._grid.least_width(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the labels where there is room for them."""
        super().resizeEvent(event)
        self._grid.fit(event.size().width())

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Show each problem below the field it concerns; those of other fields are ignored."""
        problems = list(problems)
        for name, cell in self._cells.items():
            path = _join(self.path, name)
            inner = _form_in(self.editors[name])
            if inner is not None:
                inner.show_problems(problems)
            at = [p for p in problems if p.path == path or (inner is None and is_below(p.path, path))]
            cell.show_problem(at[0] if at else None)

    def _add(self, shape: FieldShape) -> list[QWidget]:
        path = _join(self.path, shape.name)
        editor = self._editor(shape, path)
        name_editor(editor, path, shape)
        unit = shape.unit if shape.unit != shape.title.lower() else ""
        if isinstance(editor, OptionalEditor):
            editor.show_unit(unit)
            unit = ""
        cell = FieldCell(editor, unit)
        self.editors[shape.name], self._cells[shape.name] = editor, cell
        if isinstance(shape.shape, Nested | KindList):
            group = Muted(shape.title)
            self._grid.add_group(group, cell)
            return [group, cell]
        label = _label(shape, editor)
        if isinstance(editor, WeightsEditor):  # its sliders need the room
            self._grid.add_group(label, cell)
            return [label, cell]
        self._grid.add_field(label, cell, _form_in(editor) if isinstance(editor, OptionalEditor) else None)
        return [label, cell]

    def _add_folded(self, shapes: list[FieldShape]) -> None:
        button = FoldButton(f"{self.path}:more", self._unfold)
        self._grid.add_group(button)
        self._grid.setAlignment(button, Qt.AlignmentFlag.AlignLeft)
        for shape in shapes:
            self._folded += self._add(shape)
        self._unfold(False)

    def _unfold(self, on: bool) -> None:
        for widget in self._folded:
            widget.setVisible(on)

    def _editor(self, shape: FieldShape, path: str) -> QWidget:
        match shape.shape:
            case Nested(spec):
                return self._connect_form(SpecForm(spec, path))
            case Kinds(classes):
                return self._connect_form(KindForm(classes, path))
            case KindList(classes):
                parts = KindListEditor(classes, path, SpecForm)
                parts.edited.connect(self._emit_edited)
                return parts
            case OptionalValue(Nested(spec) as inner):
                form = self._connect_form(SpecForm(spec, path))
                optional = OptionalEditor(form, lambda: initial(inner), below=True)
                optional.box.valueChanged.connect(lambda _on: self._emit_edited(path, optional.value(), shape.title))
                return optional
        editor = make_editor(shape.shape)
        if isinstance(editor, WeightsEditor):
            editor.weightChanged.connect(
                lambda task, weight: self._emit_edited(_join(path, task), weight, f"Weight of {task}")
            )
        else:
            _as_editor(editor).valueChanged.connect(lambda value: self._emit_edited(path, value, shape.title))
        return editor

    def _connect_form(self, form: "SpecForm | KindForm") -> QWidget:
        form.edited.connect(self._emit_edited)
        return form

    def _emit_edited(self, path: str, value: object, label: str) -> None:
        self.edited.emit(path, value, label)
        self.valueChanged.emit(self.value())


class KindForm(QWidget):
    """A form for a discriminated union: a combo box of its kinds, and the help and fields of the current one.

    When the kind changes, settings that both kinds have keep their values.

    Args:
        classes: The classes of the union.
        path: Path of its data in the experiment.
        skip: Names of fields not to show.
        help_text: Returns the text below the combo box for a class.
        combo: The combo box; by default one with all classes in their order.
        label_characters: As of :class:`SpecForm`.
        parent: Owner.
    """

    valueChanged = Signal(object)
    edited = Signal(str, object, str)

    def __init__(
        self,
        classes: Sequence[type[Spec]],
        path: str = "",
        *,
        skip: Sequence[str] = (),
        help_text: Callable[[type[Spec]], str] = lambda spec: spec.help(),
        combo: ChoiceEditor | None = None,
        label_characters: int = LABEL_CHARACTERS,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.path, self._skip, self._help_text = path, skip, help_text
        self._label_characters = label_characters
        self._classes = {kind_of(spec): spec for spec in classes}
        self.setObjectName(f"form:{path}")
        self.combo = combo or ChoiceEditor(tuple(self._classes), tuple(spec.title for spec in classes))
        self.combo.setObjectName(f"{path}.kind" if path else "kind")
        self.combo.setAccessibleName(_title(path))
        self.combo.setSizeAdjustPolicy(ChoiceEditor.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.help = Muted(wrap=True)
        self.form: SpecForm | None = None
        self._problems: list[Problem] = []
        self._columns: tuple[str, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GAP)
        self._column.addWidget(self.combo)
        self._column.addWidget(self.help)
        self.setFocusProxy(self.combo)
        self.combo.valueChanged.connect(self._on_kind_changed)
        self.setValue(defaults_of(classes[0]))

    def value(self) -> dict[str, Any]:
        """The data, including the kind."""
        inner = self.form.value() if self.form is not None else {}
        return {**inner, "kind": self.combo.value()}

    def setValue(self, value: Any) -> None:
        """Show data without emitting ``edited``."""
        value = value if isinstance(value, dict) else {}
        kind = value.get("kind")
        self.combo.setValue(kind)
        self._show(self._classes.get(str(kind)))
        if self.form is not None:
            self.form.setValue(value)

    def set_columns(self, columns: Sequence[str]) -> None:
        """Set the columns of the data, from which fields that name one offer a choice."""
        self._columns = tuple(columns)
        if self.form is not None:
            self.form.set_columns(self._columns)

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Show each problem below the field it concerns."""
        self._problems = list(problems)
        if self.form is not None:
            self.form.show_problems(self._problems)

    def _show(self, spec: type[Spec] | None) -> None:
        if self.form is not None and self.form.spec is spec:
            return
        if self.form is not None:
            discard(self.form)
            self.form = None
        self.help.setText(self._help_text(spec) if spec else "")
        self.help.setVisible(bool(self.help.text()))
        if spec is not None:
            self.form = SpecForm(spec, self.path, skip=self._skip, label_characters=self._label_characters)
            self.form.edited.connect(self._emit_edited)
            self.form.set_columns(self._columns)
            self._column.addWidget(self.form)
            self.form.setVisible(not self.form.empty)

    def _on_kind_changed(self, kind: object) -> None:
        before = self.form.value() if self.form is not None else {}
        old = self.form.spec if self.form is not None else None
        spec = self._classes[str(kind)]
        self._show(spec)
        assert self.form is not None
        self.form.setValue(_carry_over(before, old, spec))
        self.form.show_problems(self._problems)
        self._emit_edited(self.path, self.value(), spec.title)

    def _emit_edited(self, path: str, value: object, label: str) -> None:
        self.edited.emit(path, value, label)
        self.valueChanged.emit(self.value())


def _carry_over(value: dict[str, Any], old: type[Spec] | None, new: type[Spec]) -> dict[str, Any]:
    """The defaults of ``new``, with the settings that ``old`` has too and whose values differ from its defaults."""
    defaults, before = defaults_of(new), defaults_of(old) if old else {}
    fields = {f.name for f in fields_of(new)}
    changed = {
        name: setting
        for name, setting in value.items()
        if name in fields and (name not in before or setting != before[name])
    }
    return {**defaults, **changed}


def _label(shape: FieldShape, editor: QWidget) -> Label:
    label = Muted(shape.title)
    label.setToolTip(plain_tooltip(shape.help))
    label.setBuddy(editor)
    label.setMinimumHeight(control_height())
    return label


def _form_in(editor: QWidget) -> "SpecForm | KindForm | None":
    inner = editor.inner if isinstance(editor, OptionalEditor) else editor
    return inner if isinstance(inner, SpecForm | KindForm) else None


def _join(path: str, name: str) -> str:
    return join((*parse(path), name))


def _title(path: str) -> str:
    return path.rpartition(".")[2].replace("_", " ").capitalize()


def _as_editor(editor: Any) -> Any:
    """Cast a widget to an editor: Qt's classes and the protocol have no common base class."""
    return editor
