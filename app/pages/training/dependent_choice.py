"""A combo box for a spec field whose choices depend on other parts of the experiment."""

from PySide6.QtWidgets import QGridLayout, QWidget

from app.forms import ChoiceEditor
from app.forms.field_shapes import FieldShape
from app.forms.form import LABEL_CHARACTERS
from app.session import Session
from app.theme import GAP
from app.widgets import InlineError, Muted, plain_tooltip


class DependentChoice(QWidget):
    """Edits a string field with choices that depend on other fields.

    Args:
        session: What the pages share.
        path: Path of the field.
        field: Shape of the field, for its title and help.
    """

    def __init__(self, session: Session, path: str, field: FieldShape) -> None:
        super().__init__()
        self._path, self._session = path, session
        self.combo = ChoiceEditor(())
        self.combo.setObjectName(self._path)
        self.combo.setAccessibleName(field.title)
        self.combo.setToolTip(plain_tooltip(field.help))
        self.error = InlineError()
        label = Muted(field.title)
        label.setBuddy(self.combo)
        label.setToolTip(plain_tooltip(field.help))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setColumnMinimumWidth(0, self.fontMetrics().horizontalAdvance("0") * LABEL_CHARACTERS)
        grid.setColumnStretch(1, 1)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.combo, 0, 1)
        grid.addWidget(self.error, 1, 1)
        self.combo.valueChanged.connect(lambda value: session.document.set(self._path, value, field.title))
        session.document.problemsChanged.connect(self._show_problems)
        self._show_problems()

    def _show_problems(self) -> None:
        problems = self._session.document.problems_at(self._path)
        self.error.set_error(problems[0].rule if problems else "")
