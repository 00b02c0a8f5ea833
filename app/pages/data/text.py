"""How a text becomes tokens; there while a column is read as text."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QWidget

from app.document import Document
from app.forms import SpecForm, bind
from app.pages.data.roles import roles_of
from app.widgets import Card
from mtl_core.spec import DatasetInfo, Problem, TextSpec

PATH = "dataset.text"


class TextCard(Card):
    """The settings of ``dataset.text``.

    Args:
        document: The experiment.
        parent: Owner.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__("Text", parent=parent)
        self.setObjectName("text-card")
        self.form = SpecForm(TextSpec, PATH)
        bind(self.form, document)
        self.body.addWidget(self.form)
        self.body.addStretch(1)

    def show_text(self, data: Mapping[str, Any], info: DatasetInfo | None, problems: Sequence[Problem]) -> None:
        """Be there or not, with what is wrong."""
        self.setVisible(reads_text(data, info))
        self.form.show_problems(problems)


def reads_text(data: Mapping[str, Any], info: DatasetInfo | None) -> bool:
    """Whether an input of the experiment is read as text."""
    if info is None:
        return False
    roles = roles_of(data, info)
    return any(column.type == "text" and roles[column.name] == "input" for column in info.columns)
