"""The card for tokenization, visible while a column is read as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.document import Document
from app.forms import SpecForm, bind
from app.pages.data.named_inputs import has_names
from app.pages.data.roles import is_input_type
from app.widgets import Card, LinkButton
from mtl_core.spec import DatasetInfo, Problem, TextSpec

_TOKENIZER = "dataset.text.tokenizer"
_FIRST_LAYER = "model.shared[0]"
_LABEL_CHARACTERS = 11
_WORD_FIELDS = ("tokens", "lowercase", "vocabulary")


@dataclass(frozen=True)
class TokenizerFix:
    """A change of the spec that makes tokenizer and model match."""

    label: str
    path: str
    value: Any


class TextCard(Card):
    """A form for ``dataset.text``; a pretrained model's tokenizer replaces the settings for words.

    Args:
        document: The experiment.
        parent: Owner.
    """

    PATH: ClassVar[str] = "dataset.text"

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__("Text", parent=parent)
        self.setObjectName("text-card")
        self._document = document
        self._fix: TokenizerFix | None = None
        self.word_form = SpecForm(TextSpec, self.PATH, only=_WORD_FIELDS, label_characters=_LABEL_CHARACTERS)
        self.other_form = SpecForm(TextSpec, self.PATH, skip=_WORD_FIELDS, label_characters=_LABEL_CHARACTERS)
        self.link = LinkButton("", self._apply_fix, name="text-offer")
        for form in (self.word_form, self.other_form):
            bind(form, document)
            self.body.addWidget(form)
        self.body.addWidget(self.link, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addStretch(1)

    @staticmethod
    def concerns(data: Mapping[str, Any], info: DatasetInfo | None) -> bool:
        """Whether the input of the short form is a text."""
        return not has_names(data["dataset"]) and is_input_type(data, info, "text")

    def show_data(self, data: Mapping[str, Any], info: DatasetInfo | None, problems: Sequence[Problem]) -> None:
        """Show the card only while it concerns the experiment, with problems and the fix for a wrong tokenizer."""
        self.setVisible(self.concerns(data, info))
        self.word_form.setVisible(not _tokenizer(data))
        for form in (self.word_form, self.other_form):
            form.show_problems(problems)
        self._fix = tokenizer_fix(data)
        self.link.setVisible(self._fix is not None)
        self.link.setText(self._fix.label if self._fix else "")

    def _apply_fix(self) -> None:
        if self._fix is not None:
            self._document.set(self._fix.path, self._fix.value, self._fix.label, merge=False)


def tokenizer_fix(data: Mapping[str, Any]) -> TokenizerFix | None:
    """The change that uses the pretrained model's tokenizer, or the tokenizer's model; None when they match."""
    tokenizer = _tokenizer(data)
    first: Mapping[str, Any] = next(iter((data.get("model") or {}).get("shared") or ()), {})
    folder = str(first.get("path") or "") if first.get("kind") == "pretrained" else ""
    if folder and folder != tokenizer:
        return TokenizerFix("Use the pretrained model's tokenizer", _TOKENIZER, folder)
    if tokenizer and first.get("kind") == "embedding":
        layer = {"kind": "pretrained", "path": tokenizer, "output": "positions"}
        return TokenizerFix("Let its model read the text", _FIRST_LAYER, layer)
    return None


def _tokenizer(data: Mapping[str, Any]) -> str:
    return str((data["dataset"].get("text") or {}).get("tokenizer") or "")
