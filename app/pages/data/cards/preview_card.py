"""The preview of the data: first rows under combo boxes for the role of each column, or images; and all columns."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QMenu,
    QProgressBar,
    QStackedLayout,
    QTabBar,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.formatting import format_quantity, format_shape
from app.pages.data.cards.columns_table import ColumnRow, ColumnsTable
from app.pages.data.cards.findings_view import FindingsView
from app.pages.data.cards.image_grid import ImageGrid, Label
from app.pages.data.cards.notes_list import NotesList
from app.pages.data.cards.preview_header import ColumnView, RoleHeader
from app.pages.data.cards.samples_table import SamplesTable
from app.tables import PreviewModel
from app.theme import row_height
from app.widgets import Banner, Card, EmptyState, InlineError, Muted, ToolButton, scroll_area
from mtl_core.protocol.samples import SampleRows
from mtl_core.protocol.work_progress import WorkProgress
from mtl_core.spec import DatasetInfo
from mtl_core.spec.data.data_findings import DataFinding
from mtl_core.spec.reports import Shape

_ROWS, _IMAGES, _NOTHING, _COLUMNS, _SAMPLES, _SAMPLES_ABSENT, _FINDINGS = range(7)
"""The views, by their place in the stack."""
_COLUMNS_TAB, _SAMPLES_TAB, _CHECK_TAB = 1, 2, 3
_NO_SAMPLES = "Training rows as the model sees them"
_CHECK = "Check"
_EMPTY = "Nothing to show yet"
_WAITING = "The first rows appear here once they have been read."
_STARTING = "The engine is starting, which takes a few seconds. The first rows appear here then."


class PreviewCard(Card):
    """Shows a preview of the data, a busy state while they are read, or an error."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Preview", parent=parent)
        self.setObjectName("preview-card")
        self._shown: DatasetInfo | None = None
        self._has_samples = False
        self.model = PreviewModel(self)
        self.table = QTableView()
        self.header_ = RoleHeader(self.table)
        self._style_table()
        self.images = ImageGrid()
        self.columns = ColumnsTable()
        self.samples = SamplesTable()
        self._no_samples = EmptyState("image", _NO_SAMPLES)
        self.findings = FindingsView()
        self.switch = _make_switch()
        self.switch.currentChanged.connect(self._show_view)
        self.header.addWidget(self.switch)
        self.more = ToolButton("dots-three", "More", name="all-columns")
        self.more.setPopupMode(ToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.more)
        self.more.setMenu(self.menu)
        self.header.addWidget(self.more)
        self.description = Muted(wrap=True)
        self.busy = _busy_bar()
        self.error = InlineError()
        self.error.setObjectName("preview-error")
        self.notes = NotesList()
        self._notice: Banner | None = None
        self._views = QStackedLayout()
        images = QVBoxLayout()
        images.setContentsMargins(0, 0, 0, 0)
        images.addWidget(self.images)
        self._nothing = EmptyState("table", _EMPTY, _WAITING)
        pages = (self.table, scroll_area(images), self._nothing, self.columns, self.samples, self._no_samples)
        for page in (*pages, self.findings):
            self._views.addWidget(page)
        for widget in (self.description, self.busy, self.error):
            self.body.addWidget(widget)
        self.body.addLayout(self._views, 1)
        self.body.addWidget(self.notes)
        self.set_busy("")
        self.show_nothing()

    @property
    def shows_columns(self) -> bool:
        """Whether the table of columns is chosen."""
        return self.switch.currentIndex() == _COLUMNS_TAB

    @property
    def shows_samples(self) -> bool:
        """Whether the samples are chosen."""
        return self.switch.currentIndex() == _SAMPLES_TAB

    def show_samples(self, samples: SampleRows) -> None:
        """Fill the table of samples."""
        self.samples.show_samples(samples)
        self._has_samples = True
        self._show_view()

    def clear_samples(self, reason: str) -> None:
        """Say why there are no samples."""
        self._has_samples = False
        self._no_samples.text.setText(reason)
        self._show_view()

    def open_columns(self) -> None:
        """Show the table of columns."""
        self.switch.setCurrentIndex(_COLUMNS_TAB)

    def open_findings(self) -> None:
        """Show the findings of the check of the data."""
        self.switch.setCurrentIndex(_CHECK_TAB)

    def show_findings(self, findings: Sequence[DataFinding] | None, *, running: bool, error: str) -> None:
        """Show findings, and their number in the switch; None: the data have not been checked."""
        self.findings.show_findings(findings, running=running, error=error)
        self.switch.setTabText(_CHECK_TAB, _CHECK if findings is None else f"{_CHECK} ({len(findings)})")

    def show_columns(self, rows: Sequence[ColumnRow]) -> None:
        """Fill the table of columns."""
        self.columns.columns.show(rows)

    def show_info(self, info: DatasetInfo, views: Sequence[ColumnView], labels: Sequence[Sequence[Label]]) -> None:
        """Show a data set: a table with the roles of its columns, or images with their labels."""
        table = info.input_kind == "table"
        if info is not self._shown:
            self._shown = info
            self.model.show(info.columns, info.preview if table else ())
            self.images.show_images(info.images, color=_image_shape(info)[:1] == (3,))
            self.set_title(info.title)
            self.description.setText(info.description)
            self.description.setVisible(
                bool(info.description) and not info.delimiter
            )  # a file is described beside the list
            self.notes.show_notes(info.notes)
        contents = (
            format_quantity(len(info.columns), "column") if table else f"images {format_shape(_image_shape(info))}"
        )
        self.set_subtitle(f"{format_quantity(info.rows, 'row')} · {contents}")
        self.header_.show_columns(views)
        self.model.set_ignored(frozenset(view.name for view in views if view.role == "ignore"))
        self.images.set_labels(labels)
        self.switch.setTabText(0, "Rows" if table else "Images")
        self.switch.show()
        self._show_view()

    def show_nothing(self) -> None:
        """Show the empty state: no data set is known."""
        self._shown = None
        self.set_title("Preview")
        self.set_subtitle("")
        self.description.hide()
        self.notes.hide()
        self.switch.hide()
        self._show_view()

    def _show_view(self) -> None:
        shown = self._shown
        if shown is None:
            self._views.setCurrentIndex(_NOTHING)
        elif self.shows_columns:
            self._views.setCurrentIndex(_COLUMNS)
        elif self.shows_samples:
            self._views.setCurrentIndex(_SAMPLES if self._has_samples else _SAMPLES_ABSENT)
        elif self.switch.currentIndex() == _CHECK_TAB:
            self._views.setCurrentIndex(_FINDINGS)
        else:
            self._views.setCurrentIndex(_ROWS if shown.input_kind == "table" else _IMAGES)

    def set_busy(self, text: str, *, starting: bool = False) -> None:
        """Show that ``text`` is going on, or nothing when it is empty; ``starting``: the engine is not ready yet."""
        self.busy.setVisible(bool(text))
        if not text:
            self.busy.setRange(0, 0)
        self.busy.setAccessibleName(text)
        if text:
            self.set_subtitle(text)
            self._nothing.title.setText(text)
            self._nothing.text.setText(_STARTING if starting else _WAITING)
        else:
            self._nothing.title.setText(_EMPTY)
            self._nothing.text.setText(_WAITING)

    def set_progress(self, progress: WorkProgress) -> None:
        """Show how far the work is that is going on."""
        self.busy.setRange(0, 100)
        self.busy.setValue(round(100 * progress.share))
        self.busy.setAccessibleDescription(progress.what)

    def show_notice(self, text: str, undo: Callable[[], object]) -> None:
        """Show a banner that says what else an edit changed, with a link that undoes it."""
        self.clear_notice()
        self._notice = Banner(text, "Undo", undo, tone="info")
        self._notice.setObjectName("data-notice")
        self.body.insertWidget(0, self._notice)
        self._notice.show()  # now: a layout would show it with the next event only

    def clear_notice(self) -> None:
        """Remove the banner."""
        if self._notice is not None:
            self._notice.hide()
            self._notice.deleteLater()
            self._notice = None

    def _style_table(self) -> None:
        table = self.table
        table.setObjectName("data-preview")
        table.setAccessibleName("First rows of the data")
        table.setHorizontalHeader(self.header_)
        table.setModel(self.model)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(row_height() - 4)
        table.setCornerWidget(QWidget())
        table.horizontalScrollBar().valueChanged.connect(self.header_.place)
        self.header_.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)


def _make_switch() -> QTabBar:
    """The tabs that choose what is shown of the data."""
    switch = QTabBar()
    switch.setObjectName("preview-switch")
    switch.setAccessibleName("What is shown of the data")
    switch.setDrawBase(False)
    for title in ("Rows", "Columns", "Samples", _CHECK):
        switch.addTab(title)
    switch.setTabToolTip(_SAMPLES_TAB, "Training rows as the model sees them")
    return switch


def _image_shape(info: DatasetInfo) -> Shape:
    """Shape of one image, channels first; empty where there are none."""
    return next((shape for shape in info.input_shapes.values() if len(shape) == 3), ())


def _busy_bar() -> QProgressBar:
    bar = QProgressBar()
    bar.setObjectName("reading-data")
    bar.setRange(0, 0)
    bar.setTextVisible(False)
    bar.setFixedHeight(4)
    policy = bar.sizePolicy()
    policy.setRetainSizeWhenHidden(True)  # nothing jumps when reading begins or ends
    bar.setSizePolicy(policy)
    return bar
