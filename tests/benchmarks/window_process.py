"""The real window in a process of its own, led by lines on its standard input; see :mod:`tests.benchmarks.window`.

It says ``painted`` after its first frame and ``ready`` once its worker has answered. Then it takes:
``follow N`` (show run N on Live), ``run`` (press Run), ``visit PAGE``, ``list N`` (open Runs and wait until it shows N
runs with all their metrics), ``choose N`` (select run N there), ``group KEY`` and ``sort KEY`` (by a column),
``filter TEXT``, ``compare N …`` (show runs on Compare), ``together N`` (train N seeds of the document in one loop),
``rest MS`` (go on for so long), ``edit PATH NUMBER`` (set a setting and wait until its shapes are shown), ``watch``
(count blocked time from here on), ``report`` and ``quit``. Every command is answered with one line of JSON.
"""

import json
import os
import sys
import time
from typing import Any

import psutil
from PySide6.QtCore import QEvent, QObject, QSocketNotifier, Qt, QTimer

from app import __main__ as entry
from app import application
from app.main_window import MainWindow
from app.navigation import Page, page_with_key
from tests.benchmarks.heartbeat import Heartbeat


class Lead(QObject):
    """Does in the window what the lines say."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._heartbeat = Heartbeat()
        self._painted = False
        self._text = b""
        window.installEventFilter(self)
        self._lines = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, self)
        self._lines.activated.connect(self._read)
        self._patience = QTimer(self, interval=100)
        self._patience.timeout.connect(self._see_whether_ready)
        self._patience.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not self._painted and event.type() == QEvent.Type.Paint:
            self._painted = True
            self._window.removeEventFilter(self)
            QTimer.singleShot(0, self._tell_painted)
        return False

    def _tell_painted(self) -> None:
        _say("painted", document=self._window.session.document.name)

    def _see_whether_ready(self) -> None:
        session = self._window.session
        if session.devices and session.dataset_info and session.model_info:
            self._patience.stop()
            _say("ready")

    def _read(self) -> None:
        self._text += os.read(sys.stdin.fileno(), 4096)
        *lines, self._text = self._text.split(b"\n")
        for line in lines:
            self._obey(*line.decode().split())

    def _obey(self, command: str, *arguments: str) -> None:
        session = self._window.session
        match command, arguments:
            case "follow", (run,):
                session.queue.attach()
                session.show_live(int(run))
                self._window.open_page(Page.LIVE)
                _say("follows")
            case "run", ():
                self._window.runs.start()
                _say("runs")
            case "visit", (key,):
                self._window.open_page(page_with_key(key) or Page.DATA)
                _say("visits")
            case "list", (runs,):
                self._list(int(runs))
            case "choose" | "group" | "sort" | "filter", _:
                self._arrange(command, " ".join(arguments))
                _say(command)
            case "compare", _:
                session.compare(map(int, arguments))
                self._window.open_page(Page.COMPARE)
                _say("compares")
            case "together", (seeds,):
                session.run_study(range(int(seeds)), baselines=False, together=True)
                _say("trains")
            case "rest", (milliseconds,):
                QTimer.singleShot(int(milliseconds), self, lambda: _say("rest"))
            case "edit", (path, number):
                self._edit(path, int(number))
            case "watch", ():
                self._heartbeat.start()
                _say("watches")
            case "report", ():
                state = session.queue.active.state if session.queue.active else "none"
                live = self._window.page(Page.LIVE).follower.run
                _say("report", state=state, live=live, cpu=time.process_time(), **self._heartbeat.report())
            case "quit", ():
                self._window.close_now()
                _say("quits")

    def _edit(self, path: str, number: int) -> None:
        session = self._window.session
        workers = psutil.Process().children(recursive=True)
        begun, worker, window = time.perf_counter(), _seconds_of(workers), time.process_time()

        def tell() -> None:
            seconds, cpu = time.perf_counter() - begun, time.process_time() - window
            _say("edits", seconds=seconds, window=cpu, worker=_seconds_of(workers) - worker)

        def on_shapes() -> None:
            if session.model_info is not info:
                session.modelInfoChanged.disconnect(on_shapes)
                QTimer.singleShot(0, tell)  # once they are painted

        info = session.model_info
        session.modelInfoChanged.connect(on_shapes)
        session.document.set(path, number)

    def _arrange(self, command: str, argument: str) -> None:
        page: Any = self._window.page(Page.RUNS)
        match command:
            case "choose":
                page.view.select_run(int(argument))
            case "group":
                page.arrangement.group(argument)
            case "sort":
                page.view.sortByColumn(page.model.column(argument), Qt.SortOrder.DescendingOrder)
            case "filter":
                page.list.filter.setText(argument)

    def _list(self, runs: int) -> None:
        begun = time.perf_counter()
        self._window.open_page(Page.RUNS)
        model: Any = self._window.page(Page.RUNS).model
        look = QTimer(self, interval=5)

        def see_whether_full() -> None:
            rows = model.rows()
            if len(rows) == runs and rows[0].metrics and rows[-1].metrics:
                look.stop()
                _say("lists", seconds=time.perf_counter() - begun)

        look.timeout.connect(see_whether_full)
        look.start()


def _seconds_of(processes: list[psutil.Process]) -> float:
    """The processor time of processes, in seconds."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _say(what: str, **more: Any) -> None:
    sys.stdout.write(json.dumps({"what": what, **more}) + "\n")
    sys.stdout.flush()


def _led(*arguments: Any) -> MainWindow:
    window = MainWindow(*arguments)
    window.resize(1280, 800)  # which the offscreen screen, 800 by 800, would not have
    Lead(window)
    return window


def main() -> int:
    """Open the window as the command does, with a lead."""
    application.MainWindow = _led  # type: ignore[assignment,misc]
    return entry.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
