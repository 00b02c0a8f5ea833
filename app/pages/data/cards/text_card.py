"""The card for tokenization, visible while a column is read as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.document import Document
from app.forms import SpecForm, bind
from app.pages.data.roles import is_input_type
from app.widgets import Card, LinkButton
from mtl_core.spec import DatasetInfo, Problem, TextSpec

_TOKENIZER = "dataset.text.tokenizer"
_FIRST = "model.shared[0]"
_OF_WORDS = ("tokens", "lowercase", "vocabulary")


@dataclass(frozen=True)
class TokenizerFix:
    """A change of the spec that makes tokenizer and model match."""

    words: str
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
        self._offer: TokenizerFix | None = None
        self.words = SpecForm(TextSpec, self.PATH, only=_OF_WORDS)
        self.others = SpecForm(TextSpec, self.PATH, skip=_OF_WORDS)
        self.link = LinkButton("", self._take_offer, name="text-offer")
        for form in (self.words, self.others):
            bind(form, document)
            self.body.addWidget(form)
        self.body.addWidget(self.link, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addStretch(1)

    @staticmethod
    def concerns(data: Mapping[str, Any], info: DatasetInfo | None) -> bool:
        """Whether an input of the experiment is read as text."""
        return is_input_type(data, info, "text")

    def show_data(self, data: Mapping[str, Any], info: DatasetInfo | None, problems: Sequence[Problem]) -> None:
        """Be there or not, with what is wrong and what would mend it."""
        self.setVisible(self.concerns(data, info))
        self.words.setVisible(not _tokenizer(data))
        for form in (self.words, self.others):
            form.show_problems(problems)
        self._offer = tokenizer_fix(data)
        self.link.setVisible(self._offer is not None)
        self.link.setText(self._offer.words if self._offer else "")

    def _take_offer(self) -> None:
        if self._offer is not None:
            self._document.set(self._offer.path, self._offer.value, self._offer.words, merge=False)


def tokenizer_fix(data: Mapping[str, Any]) -> TokenizerFix | None:
    """What would make the tokenizer that of the model that reads the text, or the model that of the tokenizer."""
    tokenizer = _tokenizer(data)
    first: Mapping[str, Any] = next(iter((data.get("model") or {}).get("shared") or ()), {})
    folder = str(first.get("path") or "") if first.get("kind") == "pretrained" else ""
    if folder and folder != tokenizer:
        return TokenizerFix("Use the pretrained model's tokenizer", _TOKENIZER, folder)
    if tokenizer and first.get("kind") == "embedding":
        layer = {"kind": "pretrained", "path": tokenizer, "output": "positions"}
        return TokenizerFix("Let its model read the text", _FIRST, layer)
    return None


def _tokenizer(data: Mapping[str, Any]) -> str:
    return str((data["dataset"].get("text") or {}).get("tokenizer") or "")
