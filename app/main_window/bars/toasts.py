"""Messages between the page and the status line: information, errors and offers. They cover nothing."""

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
"""Time that a message, and an error without links, stays while the window is active."""
_MAX_MESSAGES = 3
_OFFER = "message-offer"


class Toasts(QWidget):
    """A column of messages, hidden while it is empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messages")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, GAP)
        self._column.setSpacing(GAP // 2)
        self.hide()

    def show_message(self, text: str, action: str = "", on_action: Callable[[], object] | None = None) -> Banner:
        """Show ``text`` for a few seconds, with a link if ``action`` is given."""
        banner = self._add(text, "info", action, on_action)
        _DismissTimer(banner, SHOWN_MS)
        return banner

    def show_error(self, text: str, links: Links | None = None) -> Banner:
        """Show an error until it is dismissed or withdrawn; without links only for :data:`ERROR_SHOWN_MS`.

        An error that is already shown is not added again.

        Args:
            text: The error.
            links: Labels of its links, and what each does with the message.
        """
        for banner in self.banners():
            if banner.accessibleName() == text:
                return banner
        banner = self._add_links(self._add(text, "error"), links or {})
        if not links:
            _DismissTimer(banner, ERROR_SHOWN_MS)
        return banner

    def show_offer(self, text: str, links: Links) -> Banner:
        """Show an offer until it is answered or dismissed; newer messages do not replace it.

        Args:
            text: The offer.
            links: Labels of the answers, and what each does with the message.
        """
        banner = self._add(text, "info")
        banner.setObjectName(_OFFER)
        return self._add_links(banner, links)

    def withdraw(self, text: str) -> None:
        """Remove the message with this text, which no longer applies."""
        for banner in self.banners():
            if banner.accessibleName() == text:
                banner.dismiss()

    def banners(self) -> list[Banner]:
        """The messages shown, oldest first."""
        items = (self._column.itemAt(index) for index in range(self._column.count()))
        widgets = (item.widget() for item in items if item is not None)
        return [widget for widget in widgets if isinstance(widget, Banner)]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the height of each message to the new width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit_messages()

    def _add(self, text: str, tone: str, action: str = "", on_action: Callable[[], object] | None = None) -> Banner:
        replaceable = [banner for banner in self.banners() if banner.objectName() != _OFFER]
        for old in replaceable[: 1 - _MAX_MESSAGES]:
            self._remove(old)
        banner = Banner(text, action, on_action, tone=tone)
        banner.setObjectName(f"message-{tone}")
        banner.dismissed.connect(lambda: self._remove(banner))
        self._column.addWidget(banner)
        self._fit_messages()
        return banner

    def _add_links(self, banner: Banner, links: Links) -> Banner:
        for label, act in links.items():
            banner.add_link(label, partial(act, banner), name=f"{banner.objectName()}-{label.lower()}")
        self._fit_messages()
        return banner

    def _remove(self, banner: Banner) -> None:
        self._column.removeWidget(banner)
        banner.hide()
        banner.deleteLater()
        self._fit_messages()

    def _fit_messages(self) -> None:
        parent = self.parentWidget()
        width = (self.width() if self.isVisible() or parent is None else parent.width()) - 2 * PAGE_MARGIN
        for banner in self.banners():
            _fit_height(banner, width)
        self.setVisible(bool(self.banners()))


class _DismissTimer(QTimer):
    """Dismisses ``banner`` after some time, unless the window is inactive then or the mouse is on the message."""

    def __init__(self, banner: Banner, milliseconds: int) -> None:
        super().__init__(banner, singleShot=True, interval=milliseconds)
        self._banner = banner
        self.timeout.connect(self._on_timeout)
        self.start()

    def _on_timeout(self) -> None:
        if self._banner.isActiveWindow() and not self._banner.underMouse():
            self._banner.dismiss()
        else:
            self.start()


def _fit_height(banner: Banner, width: int) -> None:
    """Reserve the height of all lines of ``banner``: until it is shown, a layout reserves one line for wrapped text."""
    banner.ensurePolished()
    layout = banner.layout()
    height = layout.totalHeightForWidth(width - 2 * banner.frameWidth()) if layout is not None else 0
    banner.setMinimumHeight(max(height, banner.minimumSizeHint().height()) + 2 * banner.frameWidth())
