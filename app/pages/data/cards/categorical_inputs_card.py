"""The card for the encoding of categorical inputs, visible while there are any."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from PySide6.QtWidgets import QWidget

from app.document import Document
from app.forms import SpecForm, bind
from app.pages.data.named_inputs import has_names
from app.pages.data.roles import is_input_type
from app.widgets import Card
from mtl_core.spec import DatasetInfo, OneHot, Problem


class CategoricalInputsCard(Card):
    """A form for ``dataset.categorical_inputs``.

    Args:
        document: The experiment.
        parent: Owner.
    """

    PATH: ClassVar[str] = "dataset.categorical_inputs"

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__("Categories", parent=parent)
        self.setObjectName("categorical-inputs-card")
        self.form = SpecForm(OneHot, self.PATH)
        bind(self.form, document)
        self.body.addWidget(self.form)
        self.body.addStretch(1)

    @staticmethod
    def concerns(data: Mapping[str, Any], info: DatasetInfo | None) -> bool:
        """Whether the input of the short form has categorical columns."""
        return not has_names(data["dataset"]) and is_input_type(data, info, "categorical")

    def show_data(self, data: Mapping[str, Any], info: DatasetInfo | None, problems: Sequence[Problem]) -> None:
        """Show the card only while it concerns the experiment, with the problems of its fields."""
        self.setVisible(self.concerns(data, info))
        self.form.show_problems(problems)
