"""The findings of a check of the data: where, what, what to do, and a button that does it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QGridLayout, QProgressBar, QStackedLayout, QVBoxLayout, QWidget

from app.forms import discard
from app.theme import GAP, scaled_font
from app.widgets import Button, EmptyState, HLine, InlineError, Label, Muted, scroll_area
from mtl_core.spec.data.data_findings import DataFinding

_ASKED, _RUNNING, _FOUND, _CLEAN = range(4)
_WHERE_DIGITS = 18
_HELP = (
    "Looks for what makes scores better than they are, such as rows or groups in two splits and columns made from a "
    "target, and for columns that cannot help."
)
_NAMES = {"rows": "Rows", "column": "Column", "task": "Task", "split": "Split"}


class FindingsView(QWidget):
    """Shows the findings, or a button that asks for them.

    Signals:
        checkRequested: The data shall be checked.
        fixRequested(finding): The change that mends a finding shall be made.
    """

    checkRequested = Signal()
    fixRequested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data-findings")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # it takes the focus of the button that was pressed
        self.error = InlineError()
        self.error.setObjectName("data-check-error")
        empty = EmptyState("shield-check", "Not checked yet", _HELP, "Check data", self.checkRequested.emit)
        if empty.action is not None:
            empty.action.setObjectName("check-data-now")
        self._rows: list[QWidget] = []
        self._list = QVBoxLayout()
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(GAP)
        self._list.addStretch(1)
        running = QWidget()
        column = QVBoxLayout(running)
        column.addStretch(1)
        self.running = Muted("Checking the data …")
        self.running.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setFixedHeight(4)
        column.addWidget(self.running)
        column.addWidget(bar)
        column.addStretch(1)
        self.clean = EmptyState(
            "check-circle", "Nothing is amiss", "No check found a fault of the data or of their split."
        )
        self._views = QStackedLayout()
        for view in (empty, running, scroll_area(self._list), self.clean):
            self._views.addWidget(view)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.error)
        outer.addLayout(self._views, 1)

    def show_findings(self, findings: Sequence[DataFinding] | None, *, running: bool, error: str) -> None:
        """Show findings; None: the data have not been checked as they are."""
        self.error.set_error(error)
        focused = QApplication.focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            self.setFocus()  # else Qt would hand it to whatever comes next, such as the experiment's name
        for row in self._rows:
            discard(row)
        self._rows = []
        for finding in findings or ():
            self._add_row(finding)
        unchecked = _RUNNING if running else _ASKED
        self._views.setCurrentIndex(unchecked if findings is None else _FOUND if findings else _CLEAN)

    def _add_row(self, finding: DataFinding) -> None:
        row = QWidget()
        row.setObjectName(f"finding-{finding.check}-{finding.name}")
        row.setAccessibleName(str(finding))
        grid = QGridLayout(row)
        grid.setContentsMargins(0, 0, GAP, 0)
        grid.setHorizontalSpacing(GAP * 2)
        grid.setVerticalSpacing(2)
        grid.setColumnMinimumWidth(0, self.fontMetrics().horizontalAdvance("0") * _WHERE_DIGITS)
        grid.setColumnStretch(1, 1)
        top = Qt.AlignmentFlag.AlignTop
        where = Label(finding.name or _NAMES[finding.place], wrap=True)
        where.setFont(scaled_font(semibold=True))
        where.setMaximumWidth(self.fontMetrics().horizontalAdvance("0") * _WHERE_DIGITS)
        grid.addWidget(where, 0, 0, top)
        grid.addWidget(Muted(_NAMES[finding.place] if finding.name else ""), 1, 0, top)
        grid.addWidget(Label(finding.what, wrap=True), 0, 1, top)
        grid.addWidget(Muted(finding.advice, wrap=True), 1, 1, top)
        if finding.fix is not None:
            button = Button(finding.fix.label, lambda: self.fixRequested.emit(finding), name=f"fix-{finding.check}")
            button.setToolTip("Change the experiment so; Undo takes it back")
            grid.addWidget(button, 0, 2, 2, 1, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        grid.setRowMinimumHeight(2, GAP // 2)
        grid.addWidget(HLine(), 3, 0, 1, 3)
        self._list.insertWidget(len(self._rows), row)
        self._rows.append(row)
