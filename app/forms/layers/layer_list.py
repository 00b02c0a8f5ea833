"""An editor for an ordered list of layers."""

import itertools
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QCursor, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from app.document import Document, affects
from app.formatting import format_features
from app.forms.discard import discard
from app.forms.field_shapes import defaults_of
from app.forms.layers.block_name import BlockName
from app.forms.layers.drop_mark import DropMark, scroll_area_of
from app.forms.layers.layer_actions import block_words, open_layer_menu, saved_blocks
from app.forms.layers.layer_edits import insert_item, match_rows, move_item, remove_item
from app.forms.layers.layer_menu import SAVED, LayerMenu
from app.forms.layers.layer_row import CLASSES, LayerRow, layer_title
from app.theme import GAP
from app.widgets import Button, Muted
from mtl_core.spec import Fix, LayerInfo, join, parse
from mtl_core.spec.io.saved_blocks import save_block

NO_INNER_LAYER = "No layer yet: what arrives leaves unchanged. Add a layer."

_INDENTATION = 4


class LayerList(QWidget):
    """Edits the layers at a path of the document: click opens, dragging and Alt+Up/Down move, Delete removes a layer.

    ``selected(str)``: the path of the layer that was opened, ``""`` if none is open.

    Args:
        document: The document; every change is one undo step.
        path: ``model.shared``, ``model.heads.…``, or that of the layers of a block.
        empty_text: Text shown while there is no layer.
        nested: Whether the layers are those of a block.
        parent: Owner.
    """

    selected = Signal(str)

    def __init__(
        self,
        document: Document,
        path: str,
        empty_text: str,
        *,
        nested: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.path, self._document, self._nested = path, document, nested
        self.setObjectName(f"layers:{path}")
        self.setAccessibleName("Layers")
        self.rows: list[LayerRow] = []
        self._inner: dict[LayerRow, LayerList] = {}
        self._infos: Sequence[LayerInfo] = ()
        self._input_text = ""
        self._menu: LayerMenu | None = None
        self._menu_blocks: dict[str, str] = {}
        self._open = -1
        self.empty = Muted(empty_text, wrap=True)
        self.empty.setContentsMargins(4, GAP, 4, GAP)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addWidget(self.empty)
        self._mark = DropMark(self)
        self._is_outdated = True
        document.changed.connect(self._on_document_changed)
        if nested:
            self._update()  # those of tasks when they are shown: of forty few ever are

    def set_infos(self, infos: Sequence[LayerInfo], input_text: str) -> None:
        """Show the description of each layer; ``input_text`` is the shape of the input of the first."""
        self._infos, self._input_text = infos, input_text
        before: LayerInfo | None = None
        for row, info in zip(self.rows, infos, strict=False):
            if info.kind == row.layer.get("kind"):
                row.show_info(info, before, input_text)
                if row in self._inner:
                    self._inner[row].set_infos(info.layers, _arriving(before, input_text))
            before = info

    def open(self, index: int, *, focus: bool = True) -> None:
        """Open the layer at ``index`` and close the others; -1 closes all."""
        self._open = index if 0 <= index < len(self.rows) else -1
        for i, row in enumerate(self.rows):
            row.set_open(i == self._open)
        self._update_inner()
        self._update_tab_order()
        if self._open >= 0:
            row = self.rows[self._open]
            if focus:
                row.line.setFocus()
            self._scroll_to(row)
        self.selected.emit(self.rows[self._open].path if self._open >= 0 else "")

    def open_path(self, path: str) -> None:
        """Open the layer at ``path``, which may be in a block of this list."""
        index, *inner = parse(path)[len(parse(self.path)) :] or (-1,)
        if not isinstance(index, int):
            return
        self.open(index)
        if inner and 0 <= index < len(self.rows) and (layers := self._inner.get(self.rows[index])) is not None:
            layers.open_path(path)

    def stops(self) -> list[QWidget]:
        """The widgets that Tab visits, in their order."""
        return [stop for row in self.rows for stop in row.tab_stops()]

    @property
    def menu(self) -> LayerMenu:
        """The menu of layers to add, which is created when it is first opened, and anew for other saved blocks."""
        blocks = block_words()
        if self._menu is None or blocks != self._menu_blocks:
            if self._menu is not None:
                self._menu.deleteLater()
            self._menu, self._menu_blocks = LayerMenu(blocks, self), blocks
            self._menu.chosen.connect(self.add)
        return self._menu

    @property
    def open_index(self) -> int:
        """Index of the open layer, or -1."""
        return self._open

    def add(self, kind: str) -> None:
        """Insert a layer, or those of a saved block, after the open one, or at the end, and open it."""
        layers = self._layers()
        index = self._open + 1 if self._open >= 0 else len(layers)
        if kind.startswith(SAVED):
            name = kind.removeprefix(SAVED)
            block = saved_blocks().get(name, [])
            self._set([*layers[:index], *block, *layers[index:]], f"Insert {name}")
            self.open(index)
            return
        spec = CLASSES[kind]
        self._set(insert_item(layers, index, defaults_of(spec)), f"Add {spec.title}")
        self.open(index)

    def apply_action(self, action: str, index: int) -> None:
        """Move the layer at ``index`` ``up`` or ``down``, ``duplicate``, ``save`` or ``remove`` it."""
        layers = self._layers()
        title = layer_title(self.rows[index].layer)
        match action:
            case "up" if index > 0:
                self._move(index, index - 1)
            case "down" if index < len(layers) - 1:
                self._move(index, index + 2)
            case "duplicate":
                self._set(insert_item(layers, index + 1, layers[index]), f"Duplicate {title}")
                self._restore_focus(index + 1)
            case "save":
                self.ask_name([layers[index]], title)
            case "remove":
                self._open = -1
                self._set(remove_item(layers, index), f"Remove {title}")
                self._restore_focus(min(index, len(self.rows) - 1), was_open=False)

    def ask_name(self, layers: Sequence[Any], suggestion: str) -> None:
        """Ask for a name, and save layers under it for other experiments."""
        popup = BlockName(lambda name: save_block(name, layers), self)
        popup.popup(QCursor.pos(), suggestion)

    def _move(self, source: int, target: int) -> None:
        was_open, title = self._open == source, layer_title(self.rows[source].layer)
        self._set(move_item(self._layers(), source, target), f"Move {title}")
        self._restore_focus(target - (1 if target > source else 0), was_open=was_open)

    def _restore_focus(self, index: int, *, was_open: bool | None = None) -> None:
        if was_open or (was_open is None and self._open >= 0):
            self.open(index)
        elif 0 <= index < len(self.rows):
            self.rows[index].line.setFocus()

    def _set(self, layers: list[Any], label: str) -> None:
        self._document.set(self.path, layers, label)

    def _layers(self) -> list[Any]:
        layers = self._document.get(self.path)
        return list(layers) if isinstance(layers, list | tuple) else []

    def _on_document_changed(self, paths: list[str]) -> None:
        if affects(paths, self.path):
            self._is_outdated = True
            if self.isVisible():
                self._update()

    def showEvent(self, event: QShowEvent) -> None:
        """Show what changed while it was hidden."""
        super().showEvent(event)
        if self._is_outdated:
            self._update()

    def _update(self) -> None:
        self._is_outdated = False
        self._show(self._layers())
        self.set_infos(self._infos, self._input_text)

    def _show(self, layers: list[Any]) -> None:
        """Show layers; a row stays with its layer when that is moved."""
        old = self.rows
        matches = match_rows([row.layer for row in old], layers)
        open_index = matches.index(self._open) if self._open in matches and self._open >= 0 else -1
        self.rows = [old[match] if match is not None else self._new_row() for match in matches]
        for row in old:
            if row not in self.rows:
                self._discard_inner(row)
                discard(row)
        for index, (row, layer) in enumerate(zip(self.rows, layers, strict=True)):
            if self._column.indexOf(row) != index:
                self._column.insertWidget(index, row)
            row.show_layer(layer, join((*parse(self.path), index)))
            if row.opened != (index == open_index):
                row.set_open(index == open_index)
        self._open = open_index
        self._update_inner()
        self._update_tab_order()
        self.empty.setVisible(not self.rows)

    def _update_tab_order(self) -> None:
        """Let Tab visit the rows in their order, and the settings of the open row."""
        for first, second in itertools.pairwise(self.stops()):
            if first.window() is second.window():  # a row that was made just now is in none yet
                QWidget.setTabOrder(first, second)

    def _update_inner(self) -> None:
        """Show the own layers of an open block, and discard the lists of layers that moved or changed their kind."""
        for row in list(self._inner):
            if not row.holds_layers or self._inner[row].path != _inner_path(row):
                self._discard_inner(row)
        for index, row in enumerate(self.rows):
            if row.opened and row.holds_layers and row not in self._inner:
                self._add_inner(index, row)

    def _add_inner(self, index: int, row: LayerRow) -> None:
        layers = LayerList(self._document, _inner_path(row), NO_INNER_LAYER, nested=True)
        add = Button("Add layer", name=f"add-inner-layer:{layers.path}")
        add.clicked.connect(lambda: layers.menu.popup(add))
        layers.selected.connect(lambda path: self.selected.emit(path or row.path))
        self._inner[row] = layers
        assert row.settings is not None  # the row is open
        row.settings.add_inner(_panel(add, layers), lambda: [add, *layers.stops()])
        if index < len(self._infos) and self._infos[index].kind == row.layer.get("kind"):
            before = self._infos[index - 1] if index else None
            layers.set_infos(self._infos[index].layers, _arriving(before, self._input_text))

    def _discard_inner(self, row: LayerRow) -> None:
        if (layers := self._inner.pop(row, None)) is not None:
            layers.stop_following()
            if (panel := layers.parentWidget()) is not None:
                discard(panel)

    def stop_following(self) -> None:
        """Let go of the document, before the list is discarded."""
        for row in list(self._inner):
            self._discard_inner(row)
        self._document.changed.disconnect(self._on_document_changed)

    def _new_row(self) -> LayerRow:
        row = LayerRow(nested=self._nested, parent=self)
        row.edited.connect(self._document.set)
        row.fixRequested.connect(self._apply_fix)
        row.actionRequested.connect(lambda action: self.apply_action(action, self.rows.index(row)))
        row.line.clicked.connect(lambda: self._toggle(row))
        row.line.keyPressed.connect(lambda event: self._handle_key(event, self.rows.index(row)))
        row.line.dragged.connect(lambda place: self._mark.show_at(place, self.rows))
        row.line.dropped.connect(lambda place: self._drop(place, self.rows.index(row)))
        row.line.dragCancelled.connect(self._mark.hide)
        return row

    def _toggle(self, row: LayerRow) -> None:
        self.open(-1 if row.opened else self.rows.index(row))
        row.line.setFocus()

    def _apply_fix(self, fix: Fix) -> None:
        self._document.set(fix.path, fix.value, fix.label)

    def _handle_key(self, event: QKeyEvent, index: int) -> None:
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        match event.key():
            case Qt.Key.Key_Up | Qt.Key.Key_Down:
                up = event.key() == Qt.Key.Key_Up
                if alt:
                    self.apply_action("up" if up else "down", index)
                else:
                    self.rows[min(max(index + (-1 if up else 1), 0), len(self.rows) - 1)].line.setFocus()
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self.apply_action("remove", index)
            case Qt.Key.Key_D if control:
                self.apply_action("duplicate", index)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                self._toggle(self.rows[index])
            case _:
                return
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open a menu of the actions of a layer."""
        index = next((i for i, row in enumerate(self.rows) if row.geometry().contains(event.pos())), None)
        if index is None:
            return
        open_layer_menu(
            self,
            event.globalPos(),
            lambda action: self.apply_action(action, index),
            lambda: self.ask_name(self._layers(), "Block"),
        )

    def _drop(self, place: QPoint, source: int) -> None:
        self._mark.hide()
        target = self._mark.gap_at(place, self.rows)
        if target not in (source, source + 1):
            self._move(source, target)

    def _scroll_to(self, row: LayerRow) -> None:
        """Scroll to a row once it has its place: it may have been opened just now."""

        def scroll() -> None:
            if isValid(self) and isValid(row) and (area := scroll_area_of(self)) is not None:
                area.ensureWidgetVisible(row, 0, 8)

        QTimer.singleShot(0, self, scroll)


def _inner_path(row: LayerRow) -> str:
    return join((*parse(row.path), "layers"))


def _arriving(before: LayerInfo | None, input_text: str) -> str:
    """The shape of the input of a layer, the output of the one before it."""
    return format_features(before.output_shape) if before is not None else input_text


def _panel(add: Button, layers: LayerList) -> QWidget:
    """The list of a block's own layers, with its heading."""
    panel = QWidget()
    heading = QHBoxLayout()
    heading.addWidget(Muted("Its layers"), 1)
    heading.addWidget(add)
    column = QVBoxLayout(panel)
    column.setContentsMargins(_INDENTATION, 0, 0, 0)
    column.setSpacing(6)
    column.addLayout(heading)
    column.addWidget(layers)
    return panel
