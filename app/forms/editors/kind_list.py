"""An editor for a list of parts, each of one of several kinds."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.forms.discard import discard
from app.forms.field_shapes import defaults_of
from app.theme import GAP
from app.widgets import Button, Label, ToolButton, escape_mnemonic, plain_tooltip
from mtl_core.spec import Spec, kind_of


class KindListEditor(QWidget):
    """Edits a list: a button adds a part of a kind, and each part has a form and a button that removes it.

    ``edited(path, value, label)`` is emitted when a part or a setting of one changes.

    Args:
        classes: The classes of the kinds.
        path: Path of the list in the experiment.
        make_form: Makes the form of a class at a path.
        parent: Owner.
    """

    valueChanged = Signal(object)
    edited = Signal(str, object, str)

    def __init__(
        self,
        classes: Sequence[type[Spec]],
        path: str,
        make_form: Callable[[type[Spec], str], Any],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._classes = {kind_of(spec): spec for spec in classes}
        self._path, self._make_form = path, make_form
        self._value: list[dict[str, Any]] = []
        self._parts: list[QWidget] = []
        self._forms: list[Any] = []
        self.add = Button("Add", name=f"{path}:add")
        self.add.setMenu(self._menu())
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GAP)
        self._column.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        self.setFocusProxy(self.add)

    def value(self) -> list[dict[str, Any]]:
        """The parts."""
        return [{**form.value(), "kind": part.get("kind")} for form, part in zip(self._forms, self._value, strict=True)]

    def setValue(self, value: Any) -> None:
        """Show parts without emitting ``edited``; those whose kinds are unknown are left out."""
        parts = [dict(part) for part in value or () if isinstance(part, dict) and part.get("kind") in self._classes]
        if [part["kind"] for part in parts] != [part["kind"] for part in self._value]:
            for widget in self._parts:
                discard(widget)
            self._parts, self._forms = [], []
            for place, part in enumerate(parts):
                self._add_part(place, self._classes[part["kind"]])
        self._value = parts
        for form, part in zip(self._forms, parts, strict=True):
            form.setValue(part)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for kind, spec in self._classes.items():
            action = menu.addAction(escape_mnemonic(spec.title))
            action.setToolTip(plain_tooltip(spec.help()))
            action.setObjectName(f"add-{kind}")
            action.triggered.connect(lambda _checked=False, spec=spec: self._append(spec))
        return menu

    def _add_part(self, place: int, spec: type[Spec]) -> None:
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        title = Label(spec.title)
        title.setToolTip(plain_tooltip(spec.help()))
        top = QHBoxLayout()
        top.addWidget(title, 1)
        remove = ToolButton("x", f"Remove {spec.title.lower()}", name=f"{self._path}[{place}]:remove")
        remove.clicked.connect(lambda _checked=False: self._remove(place))
        top.addWidget(remove)
        form = self._make_form(spec, f"{self._path}[{place}]")
        form.edited.connect(self._emit_edited)
        column.addLayout(top)
        column.addWidget(form)
        form.setVisible(not form.empty)
        self._column.insertWidget(place, part)
        self._parts.append(part)
        self._forms.append(form)

    def _append(self, spec: type[Spec]) -> None:
        self._replace([*self.value(), defaults_of(spec)], f"Add {spec.title.lower()}")

    def _remove(self, place: int) -> None:
        parts = self.value()
        title = self._classes[parts[place]["kind"]].title.lower()
        self._replace([*parts[:place], *parts[place + 1 :]], f"Remove {title}")

    def _replace(self, parts: list[dict[str, Any]], label: str) -> None:
        self.setValue(parts)
        self._emit_edited(self._path, parts, label)

    def _emit_edited(self, path: str, value: object, label: str) -> None:
        self.edited.emit(path, value, label)
        self.valueChanged.emit(self.value())
