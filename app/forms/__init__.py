"""Forms generated from the spec classes, so that they show a new field or kind without further code."""

from app.forms.binding import bind
from app.forms.discard import discard
from app.forms.editor_factory import make_editor
from app.forms.editors.check_list import CheckListEditor
from app.forms.editors.choice import ChoiceEditor
from app.forms.editors.editor import Editor
from app.forms.editors.flag import FlagEditor
from app.forms.editors.keyword_or import KeywordOrEditor
from app.forms.editors.number import NumberEditor, number_text
from app.forms.editors.optional import OptionalEditor
from app.forms.editors.plain_text import TextEditor
from app.forms.editors.searched_choice import SearchedChoice
from app.forms.editors.task_weights import WeightsEditor
from app.forms.editors.text_list import TextListEditor
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
    "KeywordOrEditor",
    "KindForm",
    "LayerList",
    "NumberEditor",
    "OptionalEditor",
    "RowLine",
    "SearchedChoice",
    "SpecForm",
    "TextEditor",
    "TextListEditor",
    "WeightsEditor",
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
