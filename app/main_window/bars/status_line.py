"""The status line: progress of the active run, waiting runs and the store."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from app.main_window import run_messages
from app.theme import PAGE_MARGIN, small_font, theme
from app.widgets import Elided, plain_tooltip

if TYPE_CHECKING:
    from mtl_core.store import RunRecord


class StatusLine(QFrame):
    """Shows run, epoch, step, progress, ETA and speed, in fields of fixed width so that nothing moves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self.setProperty("role", "bar")
        self.run = self._label("status-run", "Run", "Run 1000 · epoch 100 of 100 · step 100 000")
        self.progress = QProgressBar()
        self.progress.setObjectName("status-progress")
        self.progress.setAccessibleName("Progress of the run")
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 1000)
        self.progress.setMinimumWidth(40)
        self.progress.setMaximumWidth(220)
        policy = self.progress.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Expanding)
        policy.setRetainSizeWhenHidden(True)
        self.progress.setSizePolicy(policy)
        self.eta = self._label("status-eta", "Time left", "ETA 10 min 10 s")
        self.rate = self._label("status-rate", "Samples per second", "100 000 samples/s")
        self.waiting = self._label("status-waiting", "Runs waiting")
        self.store = self._label("status-store", "Store")
        row = QHBoxLayout(self)
        row.setContentsMargins(PAGE_MARGIN, 1, PAGE_MARGIN, 0)
        row.setSpacing(20)
        for widget, stretch in ((self.run, 0), (self.progress, 100), (self.eta, 0), (self.rate, 0)):
            row.addWidget(widget, stretch)
        row.addStretch(1)
        row.addWidget(self.waiting)
        row.addWidget(self.store)
        self.setFixedHeight(self.fontMetrics().height() + 10)
        self.show_run(None)

    def show_run(self, record: "RunRecord | None") -> None:
        """Show the progress of ``record``; None: nothing is running."""
        self.run.setText(run_messages.progress_text(record) if record else "Nothing is running")
        self.eta.setText(run_messages.eta_text(record) if record else "")
        self.rate.setText(run_messages.rate_text(record) if record else "")
        self.progress.setValue(round(1000 * run_messages.progress_fraction(record)) if record else 0)
        self.progress.setVisible(record is not None)

    def show_waiting(self, count: int, study: str = "") -> None:
        """Show the number of waiting runs, and how far the study of the active run is."""
        self.waiting.setText(" · ".join(filter(None, (study, f"{count} waiting" if count else ""))))

    def show_store(self, url: str) -> None:
        """Show the name of the store, with its URL as the tooltip unless that holds a password."""
        name = Path(url.partition("?")[0]).name if url.startswith("sqlite") else url.rpartition("@")[2]
        self.store.setText(name)
        self.store.setToolTip(plain_tooltip(url if url.startswith("sqlite") else name))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the hairline at the top."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.fillRect(0, 0, self.width(), 1, QColor(theme().border))
        painter.end()

    def _label(self, name: str, meaning: str, widest: str = "") -> Elided:
        label = Elided()
        label.setObjectName(name)
        label.setAccessibleDescription(meaning)
        label.setProperty("role", "muted")
        label.setFont(small_font())
        if widest:
            label.setFixedWidth(label.fontMetrics().horizontalAdvance(widest) + 4)
        return label
