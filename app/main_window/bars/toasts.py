"""Messages between the page and the status line: news, errors and offers. They take room of their own."""

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.theme import GAP, PAGE_MARGIN
from app.widgets import Banner

Links = Mapping[str, Callable[[Banner], object]]
SHOWN_MS = 6000
ERROR_SHOWN_MS = 30_000
"""How long an error stays that offers nothing to do, counted while somebody is there to read it."""
_MOST = 3
_OFFER = "message-offer"


class Toasts(QWidget):
    """A column of messages, which covers no control; it takes no room when it is empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messages")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, GAP)
        self._column.setSpacing(GAP // 2)
        self.hide()

    def show_message(self, text: str, action: str = "", on_action: Callable[[], object] | None = None) -> Banner:
        """Show ``text`` for a few seconds, with a link that does something more."""
        banner = self._add(text, "info", action, on_action)
        _Clock(banner, SHOWN_MS)
        return banner

    def show_error(self, text: str, links: Links | None = None) -> Banner:
        """Show an error until it is dismissed or withdrawn, or, with nothing to do about it, long enough to be read.

        The same one is not shown twice.

        Args:
            text: What is wrong.
            links: What can be done about it, and what each does with the message.
        """
        for banner in self.banners():
            if banner.accessibleName() == text:
                return banner
        banner = self._linked(self._add(text, "error"), links or {})
        if not links:
            _Clock(banner, ERROR_SHOWN_MS)
        return banner

    def show_offer(self, text: str, links: Links) -> Banner:
        """Show a question until it is answered or dismissed; no other message takes its place.

        Args:
            text: The question.
            links: The answers, and what each does with the question.
        """
        banner = self._add(text, "info")
        banner.setObjectName(_OFFER)
        return self._linked(banner, links)

    def withdraw(self, text: str) -> None:
        """Take a message away that is no longer so."""
        for banner in self.banners():
            if banner.accessibleName() == text:
                banner.dismiss()

    def banners(self) -> list[Banner]:
        """What is shown now, oldest first."""
        items = (self._column.itemAt(index) for index in range(self._column.count()))
        widgets = (item.widget() for item in items if item is not None)
        return [widget for widget in widgets if isinstance(widget, Banner)]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Reckon anew how many lines each message has."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._place()

    def _add(self, text: str, tone: str, action: str = "", on_action: Callable[[], object] | None = None) -> Banner:
        passing = [banner for banner in self.banners() if banner.objectName() != _OFFER]
        for old in passing[: 1 - _MOST]:
            self._remove(old)
        banner = Banner(text, action, on_action, tone=tone)
        banner.setObjectName(f"message-{tone}")
        banner.dismissed.connect(lambda: self._remove(banner))
        self._column.addWidget(banner)
        self._place()
        return banner

    def _linked(self, banner: Banner, links: Links) -> Banner:
        for label, act in links.items():
            banner.add_link(label, partial(act, banner), name=f"{banner.objectName()}-{label.lower()}")
        self._place()
        return banner

    def _remove(self, banner: Banner) -> None:
        self._column.removeWidget(banner)
        banner.hide()
        banner.deleteLater()
        self._place()

    def _place(self) -> None:
        parent = self.parentWidget()
        width = (self.width() if self.isVisible() or parent is None else parent.width()) - 2 * PAGE_MARGIN
        for banner in self.banners():
            _reserve(banner, width)
        self.setVisible(bool(self.banners()))


class _Clock(QTimer):
    """Dismisses ``banner`` after a time in which the window was active and the mouse was not on the message."""

    def __init__(self, banner: Banner, milliseconds: int) -> None:
        super().__init__(banner, singleShot=True, interval=milliseconds)
        self._banner = banner
        self.timeout.connect(self._ring)
        self.start()

    def _ring(self) -> None:
        if self._banner.isActiveWindow() and not self._banner.underMouse():
            self._banner.dismiss()
        else:
            self.start()


def _reserve(banner: Banner, width: int) -> None:
    """Keep room for all lines of ``banner``: a layout gives words that wrap one line only before it was shown."""
    banner.ensurePolished()
    layout = banner.layout()
    wanted = layout.totalHeightForWidth(width - 2 * banner.frameWidth()) if layout is not None else 0
    banner.setMinimumHeight(max(wanted, banner.minimumSizeHint().height()) + 2 * banner.frameWidth())
