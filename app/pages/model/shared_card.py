"""The card of what all tasks share: each input's encoder, the fusion, the sharing scheme and the shared layers."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QStackedLayout, QVBoxLayout, QWidget

from app.document import Document, affects
from app.formatting import format_features
from app.forms import KindForm, LayerList, bind
from app.forms.discard import discard
from app.input_references import input_kinds
from app.pages.model.cards import scroll_column
from app.pages.model.fusion_panel import FusionPanel
from app.widgets import Button, Card, TaskTabs, ToolButton, escape_mnemonic
from mtl_core.spec import ModelInfo, Sharing, join, members, parse

NO_SHARED_LAYER = "No shared layer yet: the tasks read the data directly. Add a layer, or take a template."
NO_ENCODER_LAYER = "No layer of its own: {} goes on as it is. Add a layer, or take a template."
_ENCODERS = ("model", "inputs")


@dataclass(frozen=True)
class BlockTab:
    """A tab: the encoder of an input, the fusion, or the shared layers.

    Attributes:
        title: Its caption.
        path: The path in the experiment of what it edits.
    """

    title: str
    path: str


FUSION, SHARED = BlockTab("Fusion", "model.fusion"), BlockTab("Shared", "model.shared")


def block_tabs(data: dict[str, object]) -> list[BlockTab]:
    """The tabs of an experiment: only the shared layers where a single input has no encoder."""
    model = data.get("model")
    encoders = model.get("inputs") if isinstance(model, dict) else None
    names = list(input_kinds(data.get("dataset")))
    if len(names) == 1 and not (isinstance(encoders, dict) and names[0] in encoders):
        return [SHARED]
    tabs = [BlockTab(name, join((*_ENCODERS, name))) for name in names]
    return [*tabs, FUSION, SHARED] if len(names) > 1 else [*tabs, SHARED]


class SharedCard(Card):
    """A tab for the encoder of each input, one for the fusion and one for the shared layers.

    With a single input without an encoder there are only the shared layers, and a menu that adds one.
    ``selected(path)`` is emitted when the selected layer changes, ``blockChanged`` when another tab is shown.

    Args:
        document: The experiment.
        warnings: What stands below the sharing scheme.
        parent: Owner.
    """

    selected = Signal(str)
    blockChanged = Signal()

    def __init__(self, document: Document, warnings: QWidget, parent: QWidget | None = None) -> None:
        super().__init__("Shared layers", parent=parent)
        self._document = document
        self._info: ModelInfo | None = None
        self._tabs: list[BlockTab] = []
        self._areas: dict[str, QWidget] = {}
        self.encoders: dict[str, LayerList] = {}
        self.tabs = TaskTabs("block-tabs", "block")
        self.tabs.bar.setProperty("role", "compact")
        self.layers = LayerList(document, SHARED.path, NO_SHARED_LAYER)
        self.layers.selected.connect(self.selected)
        self.fusion = FusionPanel(document)
        self.sharing = KindForm(members(Sharing), "model.sharing")
        bind(self.sharing, document)
        for index, scheme in enumerate(members(Sharing)):
            self.sharing.combo.setItemData(index, scheme.help(), Qt.ItemDataRole.ToolTipRole)
        self.add = Button("Add layer", self._add, name="add-shared-layer")
        self.add.setToolTip("After the open layer, or at the end")
        policy = self.add.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing moves when the fusion is shown, which has no layers
        self.add.setSizePolicy(policy)
        self.more = ToolButton("dots-three", "More", name="more-blocks")
        self.more.setPopupMode(ToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(self._menu())
        self.header.addWidget(self.add)
        self.header.addWidget(self.more)
        self.body.insertWidget(0, self.tabs)
        self._stack = QStackedLayout()
        self.body.addLayout(self._stack, 1)
        self._add_area(SHARED.path, self.sharing, warnings, self.layers)
        self._add_area(FUSION.path, self.fusion)
        self.tabs.currentChanged.connect(lambda _index: self._show_current())
        document.changed.connect(self._on_document_changed)
        self._update_tabs()

    @property
    def current(self) -> BlockTab:
        """The tab that is shown."""
        index = self.tabs.currentIndex()
        return self._tabs[index] if 0 <= index < len(self._tabs) else SHARED

    @property
    def input(self) -> str:
        """The input whose encoder is shown, or ``""``."""
        keys = parse(self.current.path)
        return str(keys[2]) if keys[:2] == _ENCODERS else ""

    def lists(self) -> list[LayerList]:
        """The lists of layers of all tabs."""
        return [self.layers, *self.encoders.values()]

    def list_at(self, path: str) -> LayerList | None:
        """The list of layers that holds a path."""
        keys = parse(path)
        if keys[:2] == _ENCODERS and len(keys) > len(_ENCODERS):
            return self.encoders.get(str(keys[2]))
        return self.layers if keys[:2] == ("model", "shared") else None

    def show_block(self, path: str) -> None:
        """Show the tab of what stands at ``path``."""
        for index, tab in enumerate(self._tabs):
            if parse(path)[: len(parse(tab.path))] == parse(tab.path):
                self.tabs.setCurrentIndex(index)

    def show_model(self, info: ModelInfo) -> None:
        """Show shapes and errors at the layers."""
        self._info = info
        for name, layers in self.encoders.items():
            layers.set_infos(info.encoders.get(name, ()), format_features(info.input_shapes.get(name)))
        self.fusion.show_fusion(info.fusion)
        self.layers.set_infos(info.shared, format_features(info.fused_shape))

    def _on_document_changed(self, paths: list[str]) -> None:
        if affects(paths, "dataset") or affects(paths, join(_ENCODERS)):
            self._update_tabs()

    def _update_tabs(self) -> None:
        tabs, before = block_tabs(self._document.data), self.current
        if tabs == self._tabs:
            return
        self._update_encoders([tab for tab in tabs if tab not in (FUSION, SHARED)])
        kept = tabs.index(before) if before in tabs and self._tabs else len(tabs) - 1
        self._tabs = tabs
        self.tabs.set_names([tab.title for tab in tabs])
        self.tabs.setCurrentIndex(kept)
        self.tabs.setVisible(len(tabs) > 1)
        self.more.setVisible(len(tabs) == 1)
        if self._info is not None:
            self.show_model(self._info)
        self._show_current()

    def _update_encoders(self, tabs: list[BlockTab]) -> None:
        titles = [tab.title for tab in tabs]
        for name in [name for name in self.encoders if name not in titles]:
            discard(self._areas.pop(self.encoders.pop(name).path))
        for tab in tabs:
            if tab.title not in self.encoders:
                layers = LayerList(self._document, tab.path, NO_ENCODER_LAYER.format(tab.title))
                layers.selected.connect(self.selected)
                self.encoders[tab.title] = layers
                self._add_area(tab.path, layers)

    def _add_area(self, path: str, *widgets: QWidget) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 2, 0)
        self._areas[path] = scroll_column(content)
        self._stack.addWidget(self._areas[path])
        for widget in widgets:
            column.addWidget(widget)
        column.addStretch(1)

    def _show_current(self) -> None:
        tab = self.current
        self._stack.setCurrentWidget(self._areas[tab.path])
        self.set_title("Shared layers" if tab == SHARED else "Fusion" if tab == FUSION else f"Encoder of {tab.title}")
        self.add.setVisible(tab != FUSION)
        self.blockChanged.emit()

    def _add(self) -> None:
        layers = self.list_at(self.current.path)
        if layers is not None:
            layers.menu.popup(self.add)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAccessibleName("More")
        action = menu.addAction("")
        action.setObjectName("add-encoder")
        action.triggered.connect(self._add_encoder)
        menu.aboutToShow.connect(lambda: action.setText(escape_mnemonic(f"Add an encoder of {self._single_input()}")))
        return menu

    def _single_input(self) -> str:
        return next(iter(input_kinds(self._document.data.get("dataset"))), "")

    def _add_encoder(self) -> None:
        name = self._single_input()
        path = join((*_ENCODERS, name))
        self._document.set(path, [], f"Add an encoder of {name}")
        self.show_block(path)
