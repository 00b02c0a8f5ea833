"""The Model page: the cards of inputs, fusion, shared and task layers, the diagram, and the menu of templates."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QSplitter, QVBoxLayout, QWidget, QWidgetAction

from app.document import is_below
from app.formatting import format_quantity
from app.input_references import input_kinds
from app.pages.model.cards import DiagramCard, TasksCard, index_of, task_of
from app.pages.model.scheme_warnings import SchemeWarnings
from app.pages.model.shared_card import SHARED, SharedCard
from app.pages.model.templates import TEMPLATES, Reads, Template, encoder_settings, template_settings
from app.session import Session
from app.task_references import task_names
from app.theme import CARD_GAP, GAP, STACK_BELOW, small_font
from app.widgets import Button, LinkChip, Muted, PageBody, plain_tooltip
from mtl_core.spec.tasks import task_kind

_STACKED_HEIGHT = 420
_STARTING = "The engine is starting, which takes a few seconds. You can edit meanwhile."
_BUILDING = "The model is being built."
_SPLITTER = "page/model/splitter"
_HEADINGS: dict[Reads, str] = {
    "table": "For tables, or flattened images",
    "columns": "For the columns of a table",
    "image": "For images",
    "text": "For texts",
    "sound": "For sounds",
}
_BY_NAME = {template.name: template for template in TEMPLATES}
_READS: dict[str, Reads] = {"table": "table", "text": "text", "sound": "sound"}
_SUITABLE: dict[Reads, tuple[Reads, ...]] = {
    "table": ("table", "columns"),
    "image": ("table", "image"),
    "sound": ("table", "image", "sound"),
}
"""What layers for an input of a kind read; any other kind is read as images are."""


class ModelPage(QWidget):
    """Edits encoders, fusion, shared layers and each task's own; shapes, errors and the diagram come from the worker.

    Args:
        session: What the pages share.
        parent: Owner.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ModelPage")
        self.setAccessibleName("Model")
        self._session = session
        self._opened_problem = ""
        document = session.document
        self.problems = LinkChip("", "error")
        self.problems.setObjectName("model-problems")
        self.problems.hide()
        self.templates = Button("Templates", name="templates")
        self.templates.setMenu(self._template_menu())
        self.shared = SharedCard(document, SchemeWarnings(session))
        self.tasks = TasksCard(document)
        self.diagram = DiagramCard()
        self._body = PageBody("Model", scroll=True)
        self._body.header.add_chip(self.problems)
        self._body.header.add_action(self.templates)
        self._cards = QSplitter(Qt.Orientation.Horizontal)
        self._cards.setObjectName("model-splitter")
        self._cards.setAccessibleName("Inputs and shared layers, task layers, diagram")
        self._cards.setChildrenCollapsible(False)
        self._cards.setHandleWidth(CARD_GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._body)
        self._body.body.addWidget(self._cards, 1)
        for card in (self.shared, self.tasks, self.diagram):
            self._cards.addWidget(card)
        self._widths_set_by_user = self._cards.restoreState(session.settings.get_bytes(_SPLITTER))
        self._cards.splitterMoved.connect(self._splitter_moved)
        self.shared.selected.connect(self._layer_selected)
        self.tasks.selected.connect(self._layer_selected)
        self.tasks.templateRequested.connect(self.apply_named)
        self.diagram.view.boxClicked.connect(self.select)
        session.modelInfoChanged.connect(self._show)
        session.datasetInfoChanged.connect(self._show)
        session.devicesChanged.connect(self._show)
        document.problemsChanged.connect(self._count_problems)
        self.problems.clicked.connect(self._open_next_problem)
        self._show()

    def select(self, path: str) -> None:
        """Open the layer at ``path`` where it is edited."""
        task, index = task_of(path), index_of(path)
        self.tasks.show_task(task)
        if not task:
            self.shared.show_block(path)
        layers = self.tasks.lists.get(task) if task else self.shared.list_at(path)
        if layers is not None and index >= 0:
            layers.open_path(path)
        elif task:
            self.tasks.tabs.setFocus()

    def apply_named(self, name: str) -> None:
        """Replace shared and task layers by those of the template called ``name``."""
        self.shared.show_block(SHARED.path)
        self.apply(_BY_NAME[name])

    def apply(self, template: Template) -> None:
        """Replace layers by those of a template, in one step of undo: those of the shown input, or all others."""
        document = self._session.document
        tasks = document.data.get("tasks") or ()
        tagging = [task["name"] for task in tasks if task_kind(task).per_token]
        segmenting = _tasks_per_pixel(document.data)
        image = self._input_kind() in ("image", "sound")
        if name := self.shared.input:
            values, replaced = (
                encoder_settings(template, name, image=image, shape=self._image_shape()),
                f"layers of {name}",
            )
        else:
            names = task_names(document.data)
            shape = self._image_shape()
            values = template_settings(
                template, names, image=image, shape=shape, tagging=tagging, segmenting=segmenting
            )
            replaced = "shared and task layers"
        document.set_many(values, f"Template {template.title}")
        self._session.show_message(f"{template.title}: {replaced} replaced. Ctrl+Z brings the former back.")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the cards for the width of the window."""
        super().resizeEvent(event)
        stacked = self.window().width() < STACK_BELOW
        orientation = Qt.Orientation.Vertical if stacked else Qt.Orientation.Horizontal
        if self._cards.orientation() != orientation:
            self._cards.setOrientation(orientation)
        for card in (self.shared, self.tasks, self.diagram):
            card.setMinimumHeight(_STACKED_HEIGHT if stacked else 0)
        if not stacked and not self._widths_set_by_user:
            self._cards.setSizes(card_widths(event.size().width()))

    def hideEvent(self, event: QHideEvent) -> None:
        """Save the widths of the cards if the user has set them."""
        super().hideEvent(event)
        if self._widths_set_by_user and self._cards.orientation() == Qt.Orientation.Horizontal:
            self._session.settings.put_bytes(_SPLITTER, self._cards.saveState())

    def _splitter_moved(self) -> None:
        self._widths_set_by_user = True

    def _show(self) -> None:
        """Show the last answer of the worker."""
        info = self._session.model_info
        if info is not None:
            self.shared.show_model(info)
            self.tasks.show_model(info)
            self.diagram.show_model(info)
        elif self._session.model_error is not None:
            self.diagram.show_placeholder(str(self._session.model_error))
        else:
            self.diagram.show_placeholder(_BUILDING if self._session.devices else _STARTING)
        self._count_problems()

    def _open_next_problem(self) -> None:
        """Open the layer with the first problem, or with the one after that opened last."""
        info = self._session.model_info
        paths = [layer.path for layer in info.problems] if info is not None else []
        paths += [problem.path for problem in self._session.document.problems_at("model")]
        if paths:
            position = paths.index(self._opened_problem) + 1 if self._opened_problem in paths else 0
            self._opened_problem = paths[position % len(paths)]
            self.select(self._opened_problem)

    def _count_problems(self) -> None:
        info, document = self._session.model_info, self._session.document
        at_layers = info.problems if info is not None else ()
        messages = [f"{layer.title}: {layer.error}" for layer in at_layers]
        messages += [str(problem) for problem in document.problems_at("model")]
        if info is None and self._session.model_error is not None:
            messages.append(str(self._session.model_error))
        self.problems.setVisible(bool(messages))
        self.problems.set_text(format_quantity(len(messages), "problem"))
        self.problems.setToolTip(plain_tooltip("\n".join(messages)))
        self.problems.setAccessibleDescription("\n".join(messages))

    def _layer_selected(self, path: str) -> None:
        """Close the layers that are open in other lists, and highlight the layer in the diagram."""
        if path:
            for layers in (*self.shared.lists(), *self.tasks.lists.values()):
                if layers.open_index >= 0 and not is_below(path, layers.rows[layers.open_index].path):
                    layers.open(-1, focus=False)
        self.diagram.view.select(path)

    def _input_kind(self) -> Reads:
        """The kind of input that the shown layers read, a guess until the data are known."""
        data, info = self._session.dataset_info, self._session.model_info
        kinds = input_kinds(self._session.document.data["dataset"])
        if len(kinds) > 1 or self.shared.input:
            return _READS.get(kinds.get(self.shared.input, "table"), "image")
        if data is None:
            return "image" if info is not None and len(info.fused_shape or ()) > 1 else "table"
        texts = {column.name for column in data.columns if column.type == "text"}
        stated = self._session.document.data["dataset"].get("inputs")
        if isinstance(stated, dict):
            return _READS.get(next(iter(kinds.values()), "table"), "image")
        return "text" if texts & set(data.inputs if stated is None else stated) else data.input_kind

    def _image_shape(self) -> tuple[int, ...]:
        """Shape of the image that the shown layers read; empty while unknown."""
        for info in (self._session.model_info, self._session.dataset_info):
            shapes = dict(info.input_shapes) if info is not None else {}
            if self.shared.input:
                shapes = {name: shape for name, shape in shapes.items() if name == self.shared.input}
            if shape := next((shape for shape in shapes.values() if len(shape) == 3), ()):
                return shape
        return ()

    def _reads_fused_inputs(self) -> bool:
        """Whether the shown layers are those behind the fusion of several inputs."""
        return not self.shared.input and len(input_kinds(self._session.document.data["dataset"])) > 1

    def _template_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.setAccessibleName("Templates")
        for reads, heading in _HEADINGS.items():
            menu.addAction(_heading(menu, heading))
            for template in (t for t in TEMPLATES if t.reads == reads):
                action = menu.addAction(template.title)
                action.setObjectName(f"template-{template.name}")
                action.setToolTip(plain_tooltip(template.help))
                action.setData(template.name)
                action.triggered.connect(lambda _checked=False, template=template: self.apply(template))
        menu.aboutToShow.connect(self._enable_templates)
        return menu

    def _enable_templates(self) -> None:
        reads = self._input_kind()
        suitable = ("table",) if self._reads_fused_inputs() else _SUITABLE.get(reads, (reads,))
        maps = not self.shared.input and bool(_tasks_per_pixel(self._session.document.data))
        for action in self.templates.menu().actions():
            if template := _BY_NAME.get(str(action.data())):
                action.setEnabled(template.reads in suitable and not (maps and template.map_head is None))


def _tasks_per_pixel(data: Mapping[str, Any]) -> list[str]:
    """Names of the tasks that predict a value for every pixel."""
    return [str(task["name"]) for task in data.get("tasks") or () if task_kind(task).per_pixel]


def _heading(menu: QMenu, text: str) -> QWidgetAction:
    """A heading within a menu, which is no entry; the style sheet draws none for a section."""
    label = Muted(text)
    label.setFont(small_font())
    label.setContentsMargins(2 * GAP - 4, GAP, 2 * GAP, 0)
    action = QWidgetAction(menu)
    action.setDefaultWidget(label)
    action.setEnabled(False)
    return action


def card_widths(width: int) -> list[int]:
    """Widths of the three cards on a page: lists of layers up to a limit, the diagram the rest."""
    lists = [min(width * share // 100, most) for share, most in ((32, 440), (31, 430))]
    return [*lists, width - sum(lists)]
