"""The card of the confusion matrix."""

from app.formatting import format_share
from app.plots import CountMatrix
from app.widgets import Card, Muted, choice_box
from mtl_core.analysis.diagnostics.confusion import normalize_rows
from mtl_core.protocol.diagnostics import TaskDiagnostics
from mtl_core.text import group_digits

_CHOICES = ("Rows", "Share of the true class")
_LEAST_HEIGHT = 260


class ConfusionCard(Card):
    """Rows by true and predicted class; hidden for a task without classes.

    Args:
        name: Begins the names of the widgets.
    """

    def __init__(self, name: str = "evaluate") -> None:
        super().__init__("Confusion matrix")
        self.setObjectName(f"{name}-card-confusion")
        self._task: TaskDiagnostics | None = None
        self.choice = choice_box(f"{name}-confusion-choice", "What the cells of the confusion matrix show")
        self.choice.addItems(list(_CHOICES))
        self.header.addWidget(self.choice)
        self.matrix = CountMatrix()
        self.matrix.setObjectName(f"{name}-confusion")
        self.matrix.setAccessibleName("Confusion matrix")
        self.body.addWidget(Muted("A row for each true class, a column for each predicted class."))
        self.body.addWidget(self.matrix, 1)
        self.setMinimumHeight(_LEAST_HEIGHT)
        self.choice.currentIndexChanged.connect(lambda _index: self._show())

    def show_task(self, task: TaskDiagnostics) -> None:
        """Show another task."""
        self._task = task
        self.setVisible(bool(task.confusion))
        self._show()

    def _show(self) -> None:
        task = self._task
        if task is None or not task.confusion:
            return
        shares = normalize_rows(task.confusion).tolist()

        def tooltip(row: int, column: int) -> str:
            count = group_digits(task.confusion[row][column])
            share = f"{format_share(shares[row][column], 1)} of the true class"
            return f"True {task.class_names[row]}, predicted {task.class_names[column]}: {count} rows, {share}"

        show_shares = self.choice.currentIndex() == 1
        self.matrix.set_counts(task.class_names, task.confusion, shares, tooltip, show_shares=show_shares)
