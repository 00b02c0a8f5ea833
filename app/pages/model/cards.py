"""The cards of each task's layers and of the diagram on the Model page."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.document import Document
from app.formatting import format_features, format_shape
from app.forms import LayerList, RowLine, discard
from app.pages.model.diagram import Diagram
from app.pages.model.diagram_layout import summary
from app.task_references import task_names
from app.theme import card_title_font
from app.widgets import Button, Card, EmptyState, InlineError, Label, TaskTabs, ToolButton
from mtl_core.spec import LayerInfo, ModelInfo, join, parse, sharing_of
from mtl_core.spec.tasks import task_kind

NO_TASK_LAYER = "No layer of its own: the task's output layer reads the shared layers directly."


class TasksCard(Card):
    """A tab per task with its own layers and, last, its output layer.

    ``selected(path)`` is emitted when the selected layer changes, ``templateRequested(name)`` when a template is to
    take the place of layers that give no map of pixels.
    """

    selected = Signal(str)
    templateRequested = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setAccessibleName("Task layers")
        self._document = document
        self._info: ModelInfo | None = None
        self.lists: dict[str, LayerList] = {}
        self.tabs = TaskTabs("task-tabs")
        self.output = RowLine(handle=False, dashed=True)
        self.output.setObjectName("output-layer")
        self.output_error = InlineError()
        self.output_error.link.setObjectName("output-fix")
        self.output_error.setObjectName("output-error")
        self.add = Button("Add layer", self._add, name="add-task-layer")
        self._stack = QVBoxLayout()
        self._stack.setSpacing(6)
        heading = QHBoxLayout()
        title = Label("Task layers")
        title.setFont(card_title_font())
        heading.addWidget(title, 1)
        heading.addWidget(self.add)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 2, 0)
        column.setSpacing(6)
        column.addLayout(self._stack)
        column.addWidget(self.output)
        column.addWidget(self.output_error)
        column.addStretch(1)
        self.body.addWidget(self.tabs)
        self.body.addLayout(heading)
        self.body.addWidget(scroll_column(content), 1)
        self.tabs.currentChanged.connect(self._show_current)
        document.changed.connect(self._update_lists)
        self._update_lists()

    @property
    def task(self) -> str:
        """The task whose layers are shown."""
        names = list(self.lists)
        index = self.tabs.currentIndex()
        return names[index] if 0 <= index < len(names) else ""

    def show_task(self, task: str) -> None:
        """Select the tab of ``task``."""
        if task in self.lists:
            self.tabs.setCurrentIndex(list(self.lists).index(task))

    def show_model(self, info: ModelInfo) -> None:
        """Show shapes and errors at the layers, and the output layer."""
        self._info = info
        last = info.shared[-1].output_shape if info.shared else info.fused_shape
        last = sharing_of(info).representation(last) if last else last
        for name, layers in self.lists.items():
            layers.set_infos(info.heads.get(name, ()), format_features(last))
        self._show_output()

    def _update_lists(self) -> None:
        names = list(dict.fromkeys(task_names(self._document.data)))
        if names == list(self.lists):
            return
        previous, self.lists = self.lists, {}
        for name, layers in previous.items():
            if name not in names:
                discard(layers)
        self.lists = {name: previous.get(name) or self._new_list(name) for name in names}
        self.tabs.set_names(names)
        if self._info is not None:
            self.show_model(self._info)
        self._show_current()

    def _new_list(self, name: str) -> LayerList:
        layers = LayerList(self._document, join(("model", "heads", name)), NO_TASK_LAYER)
        layers.selected.connect(self.selected)
        self._stack.addWidget(layers)
        return layers

    def _show_current(self) -> None:
        for name, layers in self.lists.items():
            layers.setVisible(name == self.task)
        self._show_output()
        self.add.setEnabled(bool(self.task))

    def _show_output(self) -> None:
        output: LayerInfo | None = self._info.outputs.get(self.task) if self._info else None
        width = format_shape(output.output_shape) if output else ""
        self.output.title.setText(f"Output: {output.title} {width}".rstrip() if output else "Output layer")
        self.output.shape.setText(output.detail if output else "from the task")
        self.output.set_tone("error" if output and output.error else "")
        self.output.setToolTip("The output layer follows from the task.")
        needs_map = any(t.get("name") == self.task and task_kind(t).per_pixel for t in self._document.data["tasks"])
        label = "Use the template Segmenter" if needs_map else ""
        self.output_error.set_error(
            (output.error if output else "") or "", label, lambda: self.templateRequested.emit("segmenter")
        )
        self.output.setAccessibleName(f"{self.output.title.full_text()}, {self.output.shape.full_text()}")

    def _add(self) -> None:
        if self.task:
            self.lists[self.task].menu.popup(self.add)


class DiagramCard(Card):
    """The diagram of the model with its zoom buttons."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Diagram", parent=parent)
        self.subtitle.setObjectName("model-size")
        self.view = Diagram()
        self.placeholder = EmptyState("tree-structure", "The diagram appears here", "")
        for glyph, tip, action, name in (
            ("magnifying-glass-minus", "Zoom out (-)", lambda: self.view.zoom(1 / 1.2), "zoom-out"),
            ("magnifying-glass-plus", "Zoom in (+)", lambda: self.view.zoom(1.2), "zoom-in"),
            ("corners-out", "Fit (0)", self.view.fit, "zoom-fit"),
        ):
            self.header.addWidget(ToolButton(glyph, tip, action, name=name))
        self.header.setSpacing(2)
        self.body.addWidget(self.placeholder, 1)
        self.body.addWidget(self.view, 1)
        self.view.hide()

    def show_model(self, info: ModelInfo) -> None:
        """Draw a model."""
        self.placeholder.hide()
        self.view.show()
        self.view.show_model(info)
        self.set_subtitle(summary(info))

    def show_placeholder(self, text: str) -> None:
        """Say why there is no diagram yet; one that is shown stays."""
        if not self.view.isVisibleTo(self):
            self.placeholder.text.setText(text)


def task_of(path: str) -> str:
    """The task whose layer stands at ``path``, or ``""`` for one of no task."""
    keys = parse(path)
    return str(keys[2]) if keys[:2] == ("model", "heads") and len(keys) > 2 else ""


def index_of(path: str) -> int:
    """The index of the layer at ``path`` in its list, or -1 for the output layer."""
    last = parse(path)[-1]
    return last if isinstance(last, int) else -1


def scroll_column(content: QWidget) -> QScrollArea:
    """A vertical scroll area without a frame around ``content``."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.viewport().setAutoFillBackground(False)
    area.setWidget(content)
    content.setAutoFillBackground(False)  # setWidget switches it on
    return area
