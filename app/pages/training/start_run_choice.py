"""The choice of the run with whose shared layers an experiment begins."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from app.document import affects
from app.forms.form import LABEL_CHARACTERS
from app.session import Session
from app.tables.initial_run import InitialRun, InitialRunChooser, read_initial_run
from app.theme import GAP
from app.widgets import Button, InlineError, LinkButton, Muted, plain_tooltip
from mtl_core.spec import kind_of
from mtl_core.spec.training.initial_weights import FromRun
from mtl_core.spec.validation.sharing import START_PATH

_PATH = f"{START_PATH}.run"


class StartRunChoice(QWidget):
    """A button with the name of the run, which opens the list of runs, and a link that takes the run's layers over.

    It is shown while the experiment begins with a run.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._initial: InitialRun | None = None
        self.button = Button("", self._open, name=_PATH)
        self.button.setAccessibleName("Run")
        self.button.setToolTip(plain_tooltip(FromRun.model_fields["run"].description or ""))
        self._chooser: InitialRunChooser | None = None
        self.others = Muted(wrap=True)
        self.others.setObjectName("other-layers")
        self.take = LinkButton("Use its layers", self._take_layers, name="take-layers")
        self.error = InlineError()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(GAP // 2)
        grid.setColumnMinimumWidth(0, self.fontMetrics().horizontalAdvance("0") * LABEL_CHARACTERS)
        grid.setColumnStretch(1, 1)
        grid.addWidget(Muted("Run"), 0, 0)
        grid.addWidget(self.button, 0, 1)
        grid.addWidget(self.error, 1, 0, 1, 2)
        grid.addWidget(self.others, 2, 0, 1, 2)
        grid.addWidget(self.take, 3, 0, 1, 2, Qt.AlignmentFlag.AlignLeft)
        session.document.changed.connect(self._on_document_changed)
        session.document.problemsChanged.connect(self._show_problem)
        self._on_document_changed([""])

    def _open(self) -> None:
        session = self._session
        if self._chooser is None:
            self._chooser = InitialRunChooser(session.store, session.document, "start-run-chooser", self)
        self._chooser.open_below(self.button)

    def _on_document_changed(self, paths: list[str]) -> None:
        document = self._session.document
        is_from_run = document.get(f"{START_PATH}.kind") == kind_of(FromRun)
        self.setVisible(is_from_run)
        run = document.get(_PATH)
        if not is_from_run or not isinstance(run, int):
            self._initial = None
        elif self._initial is None or self._initial.run != run:
            self._initial = None
            self.button.setText(f"Run {run}")
            self._session.store.call(partial(read_initial_run, run=run), self._on_read, self._on_failed)
        if affects(paths, START_PATH) or affects(paths, "model"):
            self._show_layers()

    def _on_read(self, initial: InitialRun) -> None:
        if initial.run == self._session.document.get(_PATH):
            self._initial = initial
            self.button.setText(f"Run {initial.run} · {initial.name}")
            self._show_layers()
            self._show_problem()

    def _on_failed(self, error: Exception) -> None:
        self.error.set_error(str(error))

    def _show_layers(self) -> None:
        initial = self._initial
        differ = initial is not None and bool(initial.layer_changes(self._session.document.data))
        self.others.setText(
            f"Run {initial.run} has other shared layers. Those here that differ begin with new weights."
            if initial is not None and differ
            else ""
        )
        self.others.setVisible(differ)
        self.take.setVisible(differ)

    def _take_layers(self) -> None:
        if (initial := self._initial) is not None:
            document = self._session.document
            document.set_many(initial.layer_changes(document.data), f"Use the layers of run {initial.run}")

    def _show_problem(self) -> None:
        problems = self._session.document.problems_at(_PATH)
        self.error.set_error(problems[0].rule if problems else "")
