"""Desktop notifications of runs, queues and studies that have ended while another window was used."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from app.main_window.end_texts import EndText, end_text
from app.session import Session
from app.widgets import plain_tooltip

if TYPE_CHECKING:
    from mtl_core.store import RunRecord

SETTING = "window/notify"
"""Whether notifications are shown; off with the value ``off``."""


class Notifier(Protocol):
    """Shows notifications of the desktop."""

    def notify(self, text: EndText, on_click: Callable[[], object]) -> None:
        """Show a notification that calls ``on_click`` when it is pressed."""

    def withdraw(self) -> None:
        """Remove what is left of the last notification."""


class TrayNotifier(QObject):
    """Shows notifications by an icon in the tray, which is there only until the window is used again.

    Without a tray it marks the window in the task bar, where the desktop has one.

    Args:
        window: The window.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._tray: QSystemTrayIcon | None = None
        self._on_click: Callable[[], object] | None = None

    def notify(self, text: EndText, on_click: Callable[[], object]) -> None:
        """Show a notification, in place of the last one."""
        if not QSystemTrayIcon.isSystemTrayAvailable():
            QApplication.alert(self._window)
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(QApplication.windowIcon(), self)
            self._tray.setToolTip(plain_tooltip(QApplication.applicationDisplayName()))
            self._tray.messageClicked.connect(self._press)
            self._tray.activated.connect(lambda _reason: self._press())
        self._on_click = on_click
        self._tray.show()
        icons = QSystemTrayIcon.MessageIcon
        self._tray.showMessage(text.title, text.body, icons.Warning if text.has_failure else icons.Information)

    def withdraw(self) -> None:
        """Remove the icon."""
        self._on_click = None
        if self._tray is not None:
            self._tray.hide()

    def _press(self) -> None:
        if self._on_click is not None:
            self._on_click()


class EndNotifications(QObject):
    """Notifies of runs that have ended, unless a window of the program is active or a person has turned it off.

    Runs that end at the same time are one notification. Those of a study count once the study is over.

    Args:
        session: Its queue reports the runs.
        notifier: Shows the notifications.
        open_run: Shows a run, in the window brought to the front.
        is_active: Whether a window of the program is active.
        parent: Owner.
    """

    def __init__(
        self,
        session: Session,
        notifier: Notifier,
        open_run: Callable[[int], object],
        *,
        parent: QObject,
        is_active: Callable[[], bool] = lambda: QApplication.activeWindow() is not None,
    ) -> None:
        super().__init__(parent)
        self._session, self._notifier, self._open_run, self._is_active = session, notifier, open_run, is_active
        self._ended: list[RunRecord] = []
        self._of_queue: dict[int, RunRecord] = {}
        self._of_studies: dict[int, dict[int, RunRecord]] = {}
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._notify)
        session.queue.runChanged.connect(self._on_run_changed)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.applicationStateChanged.connect(self._on_application_state)

    @property
    def is_on(self) -> bool:
        """Whether notifications are shown."""
        return self._session.settings.get(SETTING) != "off"

    def set_on(self, on: bool) -> None:
        """Turn notifications on or off, also for the next start."""
        self._session.settings.put(SETTING, "on" if on else "off")

    def _on_run_changed(self, record: "RunRecord") -> None:
        if record.has_ended and record.started is not None:  # else a person has taken it out of the queue
            self._ended.append(record)
            self._timer.start()

    def _notify(self) -> None:
        """Notify of the runs that have ended since the last call."""
        queue = self._session.queue
        ended, self._ended = self._ended, []
        self._of_queue |= {record.id: record for record in ended}
        alone = [record for record in ended if not queue.is_own_study(record.study)]
        over: dict[int, list[RunRecord]] = {}
        for record in ended:
            if record.study is not None and queue.is_own_study(record.study):
                self._of_studies.setdefault(record.study, {})[record.id] = record
                if queue.is_study_over(record.study):
                    over[record.study] = list(self._of_studies[record.study].values())
        for study in over:
            del self._of_studies[study]
        whole_queue: list[RunRecord] = []
        if queue.active is None:
            whole_queue, self._of_queue = list(self._of_queue.values()), {}
        text = end_text(alone, over, whole_queue)
        if text is not None and self.is_on and not self._is_active():
            self._notifier.notify(text, lambda: self._open_run(text.run))

    def _on_application_state(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive:
            self._notifier.withdraw()
