"""Warnings at the sharing scheme: why it can do nothing as the experiment stands, and what to do."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.session import Session
from app.tables.initial_run import InitialRunChooser
from app.theme import GAP
from app.widgets import Label, LinkButton
from mtl_core.errors import Problem, with_fix
from mtl_core.spec.validation.sharing import START_PATH, sharing_warnings


class SchemeWarnings(QWidget):
    """The warnings about the experiment's sharing scheme, with a list of runs where a trained trunk is missing.

    Hidden while there are none.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.text = Label(wrap=True)
        self.text.setProperty("role", "warning")
        self.text.setObjectName("scheme-warning")
        self.begin = LinkButton("Begin with a run…", self._open, name="begin-with-run")
        self.begin.setToolTip("Take the shared layers of a run and the weights that it has trained")
        self._chooser: InitialRunChooser | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(self.text)
        column.addWidget(self.begin, 0, Qt.AlignmentFlag.AlignLeft)
        session.document.changed.connect(lambda _paths: self._show())
        self._show()

    def _show(self) -> None:
        spec = self._session.document.spec
        warnings = list(sharing_warnings(spec.model, spec.training.start_from)) if spec is not None else []
        self.text.setText("\n\n".join(map(_sentence, warnings)))
        self.begin.setVisible(any(warning.path == START_PATH for warning in warnings))
        self.setVisible(bool(warnings))

    def _open(self) -> None:
        session = self._session
        if self._chooser is None:
            self._chooser = InitialRunChooser(
                session.store, session.document, "begin-run-chooser", self, takes_layers=True
            )
            self._chooser.begun.connect(self._say_begun)
        self._chooser.open_below(self.begin)

    def _say_begun(self, run: int) -> None:
        self._session.show_message(f"The shared layers are those of run {run}, with the weights that it has trained.")


def _sentence(problem: Problem) -> str:
    return with_fix(f"{problem.rule[:1].upper()}{problem.rule[1:]}", problem.fix)
