"""Create the editor for a field shape that is neither a spec class nor a union of spec classes."""

from PySide6.QtWidgets import QWidget

from app.forms.editors.check_list import CheckListEditor
from app.forms.editors.choice import ChoiceEditor
from app.forms.editors.column import ColumnEditor
from app.forms.editors.flag import FlagEditor
from app.forms.editors.folder import FolderEditor
from app.forms.editors.keyword_or import KeywordOrEditor
from app.forms.editors.number import NumberEditor
from app.forms.editors.number_list import NumberListEditor
from app.forms.editors.number_mapping import NumberMappingEditor
from app.forms.editors.optional import OptionalEditor
from app.forms.editors.plain_text import TextEditor
from app.forms.editors.task_weights import WeightsEditor
from app.forms.editors.text_list import TextListEditor
from app.forms.field_shapes import (
    CheckList,
    Choice,
    Flag,
    KeywordOr,
    Number,
    NumberList,
    OptionalValue,
    Shape,
    Text,
    TextList,
    Weights,
    initial,
)


def make_editor(shape: Shape) -> QWidget:  # noqa: PLR0911, PLR0912 - an arm per shape
    """An editor with ``value()``, ``setValue()`` and ``valueChanged``.

    Raises:
        TypeError: There is none for this shape.
    """
    match shape:
        case Number():
            return NumberEditor(shape)
        case Flag():
            return FlagEditor()
        case Text(folder=True):
            return FolderEditor()
        case Text(column=True):
            return ColumnEditor()
        case Text():
            return TextEditor()
        case TextList(single):
            return TextListEditor(single=single)
        case NumberList(integer):
            return NumberListEditor(integer=integer)
        case Choice(values):
            return ChoiceEditor(values)
        case CheckList(values):
            return CheckListEditor(values)
        case KeywordOr(_, Weights()):
            return KeywordOrEditor(shape, NumberMappingEditor(), "By name")
        case KeywordOr(_, Number() as number):
            return KeywordOrEditor(shape, NumberEditor(number))
        case OptionalValue(inner):
            return OptionalEditor(make_editor(inner), lambda: initial(inner))
        case Weights():
            return WeightsEditor()
    raise TypeError(f"no editor for {shape}")
