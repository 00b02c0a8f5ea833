"""The menu of the cache of decoded pictures and sounds: how much room it takes, to free it, and its limits."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtWidgets import QMenu, QWidget
from shiboken6 import isValid

from app.pages.data.limits_dialog import LimitsDialog
from app.session import Session
from app.widgets import escape_mnemonic
from mtl_core.media.limits import GIB
from mtl_core.protocol.questions import CacheContents, CacheQuestion
from mtl_core.text import format_size

_MOST_ENTRIES = 12


class CacheMenu(QMenu):
    """Asks the worker what the cache holds when it opens, and to remove what is clicked; a run decodes that anew.

    Args:
        session: Worker and messages.
        parent: Owner.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Cache of pictures and sounds", parent)
        self.setObjectName("cache-menu")
        self._session = session
        self._show_text("Reading …")
        self.aboutToShow.connect(self._ask)

    def _ask(self) -> None:
        self._session.worker.ask(CacheQuestion(), self._show_contents, self._show_error, key="cache")

    def _show_contents(self, contents: CacheContents) -> None:
        if not isValid(self):
            return
        total = sum(entry.size for entry in contents.entries)
        self._show_text(f"{format_size(total)} of {contents.limits['cache']:g} GB on disk")
        if contents.entries:
            self.addSeparator()
            for entry in contents.entries[:_MOST_ENTRIES]:
                text = f"Remove {entry.title or entry.key[:12]} ({format_size(entry.size)})"
                self._add(text, partial(self._remove, [entry.key]))
            self.addSeparator()
            keys = [entry.key for entry in contents.entries]
            self._add(f"Remove all ({format_size(total)})", partial(self._remove, keys))
        self.addSeparator()
        self._add("Limits of memory and disk…", partial(self._edit_limits, contents.limits))

    def _add(self, text: str, do: Callable[[], None]) -> None:
        self.addAction(escape_mnemonic(text)).triggered.connect(lambda _checked=False: do())

    def _edit_limits(self, limits: Mapping[str, float]) -> None:
        owner = self.parentWidget()  # its own window is the menu, which closes
        LimitsDialog(limits, self._set_limits, owner and owner.window()).open()

    def _set_limits(self, limits: dict[str, float]) -> None:
        self._session.worker.ask(CacheQuestion(limits=limits), self._tell_limits, self._session.show_error)

    def _tell_limits(self, contents: CacheContents) -> None:
        limits, total = contents.limits, sum(entry.size for entry in contents.entries)
        room = f"{limits['memory']:g} GB of memory and {limits['cache']:g} GB on disk"
        text = f"Decoded pictures and sounds may take {room}"
        if total > limits["cache"] * GIB:
            text += f"; of the {format_size(total)} on disk, what exceeds it is removed when more is decoded"
        self._session.show_message(text)

    def _remove(self, keys: Sequence[str]) -> None:
        self._session.worker.ask(CacheQuestion(remove=tuple(keys)), self._tell, self._session.show_error)

    def _tell(self, contents: CacheContents) -> None:
        """Say how much was freed: less where the system keeps what a run has open."""
        self._session.show_message(f"{format_size(contents.freed)} of decoded pictures and sounds removed")

    def _show_error(self, error: Exception) -> None:
        if isValid(self):
            self._show_text(str(error))

    def _show_text(self, text: str) -> None:
        """Show only a line that cannot be clicked."""
        self.clear()
        self.addAction(escape_mnemonic(text)).setEnabled(False)
