"""Forms made from the spec classes; a new field or kind appears in them by itself."""

from app.forms.binding import bind
from app.forms.discard import discard
from app.forms.editor_factory import make_editor
from app.forms.editors.check_list import CheckListEditor
from app.forms.editors.number import NumberEditor, number_text
from app.forms.editors.searched_choice import SearchedChoice
from app.forms.editors.task_weights import WeightsEditor
from app.forms.editors.value_editors import (
    ChoiceEditor,
    Editor,
    FlagEditor,
    MaybeEditor,
    TextEditor,
    TextListEditor,
    WordOrEditor,
)
from app.forms.field_shapes import defaults_of, fields_of, shape_of
from app.forms.form import KindForm, SpecForm
from app.forms.layers.layer_list import LayerList
from app.forms.layers.layer_row import RowLine
from app.forms.value_labels import label_of, metric_label

__all__ = [
    "CheckListEditor",
    "ChoiceEditor",
    "Editor",
    "FlagEditor",
    "KindForm",
    "LayerList",
    "MaybeEditor",
    "NumberEditor",
    "RowLine",
    "SearchedChoice",
    "SpecForm",
    "TextEditor",
    "TextListEditor",
    "WeightsEditor",
    "WordOrEditor",
    "bind",
    "defaults_of",
    "discard",
    "fields_of",
    "label_of",
    "make_editor",
    "metric_label",
    "number_text",
    "shape_of",
]
