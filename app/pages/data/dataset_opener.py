"""Asks which data to open: files and folders by file dialogs, queries and joined tables by dialogs of their own."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.pages.data.cards.source_card import SourceCard
from app.pages.data.dataset_loader import DatasetLoader
from app.pages.data.dialogs.join_dialog import JoinDialog
from app.pages.data.dialogs.query_dialog import QueryDialog
from app.session import Session
from app.theme import icon
from mtl_core.tabular.arrays import ARRAY_SUFFIXES, is_array_name
from mtl_core.tabular.readers.formats import SUFFIXES, format_of_name

_FOLDER_KEY = "page/data/folder"


def _filter(title: str, suffixes: tuple[str, ...]) -> str:
    return f"{title} ({' '.join(f'*{suffix}' for suffix in suffixes)});;All files (*)"


_TABLES, _ARRAYS = _filter("Tables", tuple(SUFFIXES)), _filter("Arrays", ARRAY_SUFFIXES)


class DatasetOpener(QObject):
    """The menu *Open* and the dialogs behind it.

    Args:
        session: Document, worker and settings.
        loader: Reads what was chosen.
        source: The card of the data set, whose requests are answered.
        parent: The page, over which dialogs open.
    """

    def __init__(self, session: Session, loader: DatasetLoader, source: SourceCard, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._document, self._loader, self._page = session, session.document, loader, parent
        self.dialog: QueryDialog | JoinDialog | None = None
        source.open.setMenu(self._make_menu(source))
        source.labelsRequested.connect(self.ask_labels)
        source.queryRequested.connect(self.ask_query)
        source.joinRequested.connect(self.ask_join)
        source.joins.edited.connect(self.edit_join)
        source.joins.removed.connect(self.remove_join)
        loader.finished.connect(self._on_loaded)

    def open_path(self, path: Path) -> None:
        """Open a file or folder as what it holds."""
        (self._loader.open_folder if path.is_dir() else self._loader.open_file)(path)

    def ask_table(self) -> None:
        """Ask for a table and open it."""
        if path := self._ask_file("Open a table", _TABLES):
            self._loader.open_file(path)

    def ask_images(self) -> None:
        """Ask for a folder of images and open it."""
        if path := self._ask_folder("Open a folder of images"):
            self._loader.open_images(path)

    def ask_arrays(self) -> None:
        """Ask for a file of arrays and open it."""
        if path := self._ask_file("Open arrays", _ARRAYS):
            self._loader.open_arrays(path)

    def ask_array_folder(self) -> None:
        """Ask for a folder of files with arrays and open it."""
        if path := self._ask_folder("Open a folder of arrays"):
            self._loader.open_arrays(path)

    def ask_query(self) -> None:
        """Ask for a database and a query, and open its rows; the dialog stays until they have been read."""
        dialog = QueryDialog(self._document.data["dataset"], self._page)
        dialog.submitted.connect(self._loader.open_query)
        self._open(dialog)

    def ask_labels(self) -> None:
        """Ask for a table of further columns of the images."""
        if path := self._ask_file("Open a table of labels", _TABLES):
            self._document.set("dataset.labels", str(path), f"Take labels from {path.name}", merge=False)

    def ask_join(self) -> None:
        """Ask for another table, and by which key its columns join the experiment's table."""
        if path := self._ask_file("Join a table", _TABLES):
            self._open_join({"path": str(path)}, len(self._joins()))

    def edit_join(self, index: int) -> None:
        """Ask anew by which key a joined table joins."""
        self._open_join(self._joins()[index], index)

    def remove_join(self, index: int) -> None:
        """Read the table without a joined one."""
        joins = self._joins()
        self._loader.join([*joins[:index], *joins[index + 1 :]])

    def fix_of(self, dataset: dict[str, Any]) -> tuple[str, Callable[[], None]]:
        """What mends that data cannot be read: the text of a link, and what asks for other data of the same kind."""
        match dataset.get("kind"):
            case "query":
                return "Edit the query…", self.ask_query
            case "image_folder":
                return "Open another folder…", self.ask_images
            case "arrays":
                return "Open another file…", self.ask_arrays
            case _:
                return "Open another file…", self.ask_table

    def show_error(self, error: Exception) -> bool:
        """Show why data cannot be read in the dialog that asked for them; whether there is one."""
        if self.dialog is None:
            return False
        self.dialog.show_error(error)
        return True

    def _open_join(self, joined: dict[str, Any], index: int) -> None:
        joins = self._joins()
        table = {**self._document.data["dataset"], "join": joins[:index]}
        dialog = JoinDialog(self._session.worker, table, joined, self._page)
        dialog.chosen.connect(lambda new: self._loader.join([*joins[:index], new, *joins[index + 1 :]]))
        self._open(dialog)

    def _joins(self) -> list[dict[str, Any]]:
        return list(self._document.data["dataset"].get("join") or ())

    def _open(self, dialog: QueryDialog | JoinDialog) -> None:
        self.dialog = dialog
        dialog.finished.connect(self._on_closed)
        dialog.open()

    def _on_loaded(self) -> None:
        if self.dialog is not None:
            self.dialog.accept()

    def _on_closed(self, accepted: int) -> None:
        """Give up what a dialog is waiting for that was closed before."""
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()
        if not accepted:
            self._loader.cancel()

    def _ask_file(self, title: str, suffixes: str) -> Path | None:
        path, _ = QFileDialog.getOpenFileName(self._page, title, self._last_folder(), suffixes)
        return self._remember(path)

    def _ask_folder(self, title: str) -> Path | None:
        return self._remember(QFileDialog.getExistingDirectory(self._page, title, self._last_folder()))

    def _remember(self, path: str) -> Path | None:
        if not path:
            return None
        self._session.settings.put(_FOLDER_KEY, str(Path(path).parent))
        return Path(path)

    def _last_folder(self) -> str:
        current = self._document.data["dataset"].get("path")
        return self._session.settings.get(_FOLDER_KEY) or (str(Path(current).parent) if current else "")

    def _make_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        menu.setAccessibleName("Open data")
        entries: tuple[tuple[str, str, str, Callable[[], None]], ...] = (
            ("Table…", "table", "open-table", self.ask_table),
            ("Folder of images…", "image", "open-images", self.ask_images),
            ("Arrays in a file…", "stack", "open-arrays", self.ask_arrays),
            ("Arrays in a folder…", "folder-open", "open-array-folder", self.ask_array_folder),
            ("Query of a database…", "database", "open-query", self.ask_query),
        )
        for text, glyph, name, ask in entries:
            action = menu.addAction(icon(glyph), text)
            action.setObjectName(name)
            action.triggered.connect(partial(_call, ask))
        return menu


def dragged_path(mime: QMimeData) -> Path | None:
    """The dragged file or folder, or None when it is not a single local folder, table or file of arrays."""
    urls = mime.urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if format_of_name(path) is not None or is_array_name(path.name) or path.is_dir() else None


def _call(do: Callable[[], None], _checked: bool = False) -> None:
    do()
