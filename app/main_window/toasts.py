"""Messages that float over a page: passing news, and errors that stay until they are dismissed."""

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.theme import GAP, PAGE_MARGIN
from app.widgets import Banner

Links = Mapping[str, Callable[[Banner], object]]
SHOWN_MS = 6000
_MOST = 3
_OFFER = "message-offer"


class Toasts(QWidget):
    """Stands over the lower right of ``host``; it takes no room and stops no click when it is empty."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.setObjectName("messages")
        self._host = host
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GAP)
        host.installEventFilter(self)
        self.hide()

    def show_message(self, text: str, action: str = "", on_action: Callable[[], object] | None = None) -> Banner:
        """Show ``text`` for a few seconds, with a link that does something more."""
        banner = self._add(text, "info", action, on_action)
        timer = QTimer(banner, singleShot=True, interval=SHOWN_MS)
        timer.timeout.connect(banner.dismiss)
        timer.start()
        return banner

    def show_error(self, text: str, links: Links | None = None) -> Banner:
        """Show an error until it is dismissed; the same one is not shown twice.

        Args:
            text: What is wrong.
            links: What can be done about it, and what each does with the message.
        """
        for banner in self.banners():
            if banner.accessibleName() == text:
                return banner
        return self._linked(self._add(text, "error"), links or {})

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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the place when the host changes its size."""
        if watched is self._host and event.type() is QEvent.Type.Resize:
            self._place()
        return False

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
        shown = bool(self.banners())
        self.setVisible(shown)
        if not shown:
            return
        width = min(480, self._host.width() - 2 * PAGE_MARGIN)
        for banner in self.banners():
            _reserve(banner, width)
        count = len(self.banners())
        height = sum(banner.minimumHeight() for banner in self.banners()) + GAP * (count - 1)
        self.setGeometry(
            self._host.width() - width - PAGE_MARGIN, self._host.height() - height - PAGE_MARGIN, width, height
        )
        self.raise_()


def _reserve(banner: Banner, width: int) -> None:
    """Keep room for all lines of ``banner``: a layout gives words that wrap one line only before it was shown."""
    banner.ensurePolished()
    layout = banner.layout()
    wanted = layout.totalHeightForWidth(width - 2 * banner.frameWidth()) if layout is not None else 0
    banner.setMinimumHeight(max(wanted, banner.minimumSizeHint().height()) + 2 * banner.frameWidth())
