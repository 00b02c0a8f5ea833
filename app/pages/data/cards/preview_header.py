"""The header of the preview: name, role and type of each column, editable with combo boxes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QHeaderView, QSizePolicy, QVBoxLayout, QWidget

from app.pages.data.roles import KIND_TITLES
from app.theme import GAP, card_title_font, control_height
from app.widgets import Elided, guard_wheel, plain_tooltip
from app.widgets.dot import Dot
from mtl_core.spec.tasks import task_kind

WIDTH, TEXT_WIDTH = 148, 300
_EDGE = 4
_ROLE_TITLES = {"input": "Input", "target": "Target", "ignore": "Ignore"}
_TYPE_TITLES = {"numeric": "Numeric", "categorical": "Categorical", "text": "Text"}


@dataclass(frozen=True)
class ColumnView:
    """View model of one column in the header.

    Attributes:
        role: Its role, one of ``roles``.
        type: ``numeric``, ``categorical`` or ``text``; editable if ``type_free``.
        kind: Kind of the task that predicts it, of ``kinds``; ``""`` when none does.
        color: Series index of that task.
        task: Name of that task.
        input: Name of the input that reads it, where inputs have names.
        about: Its tooltip.
    """

    name: str
    role: str
    type: str
    roles: tuple[str, ...]
    type_free: bool = False
    kind: str = ""
    kinds: tuple[str, ...] = ()
    color: int | None = None
    task: str = ""
    input: str = ""
    about: str = ""


class RoleHeader(QHeaderView):
    """A header view with a cell widget over every visible column.

    ``roleChosen(column, role)``, ``typeChosen(column, type)`` and ``kindChosen(column, kind)`` are emitted when a
    combo box is used, ``menuRequested(column, point)`` for the context menu.
    """

    roleChosen = Signal(str, str)
    typeChosen = Signal(str, str)
    kindChosen = Signal(str, str)
    menuRequested = Signal(str, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setObjectName("column-roles")
        self.setAccessibleName("Roles of the columns")
        self.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setDefaultSectionSize(WIDTH)
        self.setMinimumSectionSize(WIDTH - 40)
        self._views: tuple[ColumnView, ...] = ()
        self._cells: dict[int, ColumnCell] = {}
        self.sectionResized.connect(self.place)
        self.geometriesChanged.connect(self.place)

    def show_columns(self, views: Sequence[ColumnView]) -> None:
        """Show these columns; cells are reused while the columns are the same."""
        columns_changed = [view.name for view in views] != [view.name for view in self._views]
        if columns_changed:
            for cell in self._cells.values():
                cell.hide()
                cell.deleteLater()
            self._cells = {}
        self._views = tuple(views)
        for section, cell in self._cells.items():
            cell.show_column(self._views[section])
        if columns_changed:
            self._set_widths()
        self.place()

    def _set_widths(self) -> None:
        """Make columns of text wider than others."""
        for section, view in zip(range(self.count()), self._views, strict=False):
            wide = view.type == "text" or task_kind({"kind": view.kind}).per_token
            self.resizeSection(section, TEXT_WIDTH if wide else WIDTH)

    def cell(self, section: int) -> "ColumnCell | None":
        """The cell of a column, None until it has been visible."""
        return self._cells.get(section)

    def place(self) -> None:
        """Move the cells over their columns; called whenever the table scrolls."""
        for section in range(min(len(self._views), self.count())):
            left, width = self.sectionViewportPosition(section), self.sectionSize(section)
            visible = left + width > 0 and left < self.viewport().width()
            cell = self._cells.get(section)
            if visible and cell is None:
                cell = self._make_cell(section)
            if cell is not None:
                cell.setGeometry(left, 0, width, self.viewport().height())
                cell.setVisible(visible)

    def sizeHint(self) -> QSize:
        """Room for the name and two combo boxes."""
        line = self.fontMetrics().height()
        return QSize(super().sizeHint().width(), line + 2 * control_height() + 4 * _EDGE + _EDGE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line below; everything else is a widget."""
        painter = QPainter(self.viewport())
        painter.setPen(self.palette().mid().color())
        bottom = self.viewport().height() - 1
        painter.drawLine(0, bottom, self.viewport().width(), bottom)
        painter.end()

    def _make_cell(self, section: int) -> "ColumnCell":
        cell = ColumnCell(self.viewport(), self)
        cell.show_column(self._views[section])
        self._cells[section] = cell
        return cell


class ColumnCell(QWidget):
    """The name of a column and combo boxes for its role and its type or kind of task."""

    def __init__(self, parent: QWidget, header: RoleHeader) -> None:
        super().__init__(parent)
        self._header = header
        self._view: ColumnView | None = None
        self._dot = Dot()
        self._name = Elided()
        self._name.setFont(card_title_font())
        self.role, self.type, self.kind = _combo_box(), _combo_box(), _combo_box()
        top = QHBoxLayout()
        top.setSpacing(_EDGE)
        top.addWidget(self._dot)
        top.addWidget(self._name, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(_EDGE, _EDGE, _EDGE, _EDGE)
        column.setSpacing(_EDGE)
        column.addLayout(top)
        for box in (self.role, self.type, self.kind):
            column.addWidget(box)
        column.addStretch(1)
        self.role.activated.connect(partial(self._emit_choice, self.role, header.roleChosen.emit))
        self.type.activated.connect(partial(self._emit_choice, self.type, header.typeChosen.emit))
        self.kind.activated.connect(partial(self._emit_choice, self.kind, header.kindChosen.emit))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._request_menu)

    def show_column(self, view: ColumnView) -> None:
        """Show a column."""
        if view == self._view:
            return
        self._view = view
        self._name.setText(view.name)
        self.setToolTip(plain_tooltip(view.about))
        self._dot.setVisible(view.color is not None)
        self._dot.set_color(view.color or 0)
        self._name.setEnabled(view.role != "ignore")
        target = view.role == "target"
        titles = {**_ROLE_TITLES, "input": f"Input {view.input}".rstrip()}
        _fill(self.role, {role: titles[role] for role in view.roles}, view.role)
        _fill(self.type, _TYPE_TITLES, view.type)
        _fill(self.kind, {kind: KIND_TITLES[kind] for kind in view.kinds}, view.kind)
        self.type.setVisible(not target)
        self.type.setEnabled(view.type_free and view.role != "ignore")
        self.kind.setVisible(target)
        for box, prefix, title in (
            (self.role, "role", "Role"),
            (self.type, "type", "Type"),
            (self.kind, "task-kind", "Kind of task"),
        ):
            box.setObjectName(f"{prefix}-{view.name}")
            box.setAccessibleName(f"{title} of column {view.name}")

    def _emit_choice(self, box: QComboBox, emit: Callable[[str, str], None], _index: int) -> None:
        if self._view is not None:
            emit(self._view.name, str(box.currentData()))

    def _request_menu(self, position: QPoint) -> None:
        if self._view is not None:
            self._header.menuRequested.emit(self._view.name, self.mapToGlobal(position))


def _combo_box() -> QComboBox:
    box = QComboBox()
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setMinimumWidth(GAP)
    guard_wheel(box)
    return box


def _fill(box: QComboBox, titles: dict[str, str], current: str) -> None:
    box.clear()
    for key, title in titles.items():
        box.addItem(title, key)
    box.setCurrentIndex(box.findData(current))
