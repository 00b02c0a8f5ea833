"""Calls of the store in a thread of their own."""

import threading
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.jobs import StoreService
from mtl_core.spec import ExperimentSpec, InputError


def test_a_call_runs_elsewhere_and_answers_on_the_gui_thread(store: StoreService, wait: Any) -> None:
    seen: list[str] = []
    here = threading.current_thread().name

    def look(_store: Any) -> str:
        return threading.current_thread().name

    def done(name: str) -> None:
        seen.extend([name, threading.current_thread().name])

    store.call(look, done)
    wait(lambda: seen)
    assert seen == ["store-page", here]


def test_calls_of_one_lane_run_in_order(store: StoreService, wait: Any, spec_named: Any) -> None:
    seen: list[Any] = []
    spec: ExperimentSpec = spec_named("a")
    store.call(lambda s: s.create_run(spec), seen.append)
    store.call(lambda s: len(s.runs()), seen.append)
    wait(lambda: len(seen) == 2)
    assert seen == [1, 1]


def test_an_error_reaches_who_asked(store: StoreService, wait: Any) -> None:
    errors: list[Exception] = []
    store.call(lambda s: s.run(77), None, errors.append)
    wait(lambda: errors)
    assert isinstance(errors[0], InputError)


def test_an_error_nobody_takes_is_told_by_signal(store: StoreService, qtbot: QtBot) -> None:
    with qtbot.waitSignal(store.failed, timeout=60_000) as caught:
        store.call(lambda s: s.run(77))
    assert "77" in str(caught.args[0])


def test_a_store_that_cannot_be_opened_fails_each_call_with_the_reason(qtbot: QtBot, tmp_path: Path, wait: Any) -> None:
    (tmp_path / "notes.txt").write_text("not a database, whatever its length " * 50)
    service = StoreService(str(tmp_path / "notes.txt"))
    errors: list[Exception] = []
    service.call(lambda s: s.runs(), None, errors.append)
    service.call(lambda s: s.runs(), None, errors.append)
    wait(lambda: len(errors) == 2)
    service.close()
    assert isinstance(errors[0], InputError)
    assert errors[0] is errors[1]


def test_an_answer_to_a_deleted_object_is_dropped(store: StoreService, wait: Any) -> None:
    class Page(QObject):
        def take(self, value: object) -> None:
            seen.append(value)

    seen: list[object] = []
    page = Page()
    hold = threading.Event()
    store.call(lambda s: hold.wait(10), page.take)
    page.deleteLater()
    gone: list[object] = []
    page.destroyed.connect(lambda: gone.append(1))
    wait(lambda: gone)
    hold.set()
    store.call(lambda s: "next", seen.append)
    wait(lambda: seen)
    assert seen == ["next"]


def test_closing_finishes_what_was_asked(qtbot: QtBot, spec_named: Any) -> None:
    first = StoreService()
    first.call(lambda s: s.create_run(spec_named("kept")))
    first.close()
    seen: list[Any] = []
    second = StoreService()
    second.call(lambda s: s.runs(), seen.append)
    second.close()
    qtbot.waitUntil(lambda: bool(seen))
    assert [record.name for record in seen[0]] == ["kept"]
