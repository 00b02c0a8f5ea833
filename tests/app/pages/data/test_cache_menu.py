"""The menu of the cache of decoded pictures and sounds, answered as the engine answers.

Covers: app/pages/data/cache_menu.py, app/pages/data/limits_dialog.py.
"""

import numpy as np
from PySide6.QtWidgets import QMenu

from app.pages.data import DataPage
from app.pages.data.limits_dialog import LimitsDialog
from app.session import Session
from mtl_core.media.cache import Blocks, MediaCache
from mtl_core.media.limits import Limits, read_limits
from mtl_core.protocol.questions import CacheQuestion, read_question
from mtl_core.runner.answers import answer
from tests.app.pages.data.conftest import PatientWorker

LIMITS = "Limits of memory and disk…"


def texts(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def keep(key: str, title: str) -> None:
    """Put a kilobyte into the cache."""

    def blocks() -> Blocks:
        yield np.zeros((1, 1024 - 128), np.uint8)
        return {}

    MediaCache().get(key, (1, 1024 - 128), np.dtype(np.uint8), title, blocks)


def test_the_cache_is_sized_and_reclaimed_from_the_menu(
    page: DataPage, session: Session, worker: PatientWorker
) -> None:
    messages: list[str] = []
    session.message.connect(messages.append)
    page._preview.menu.aboutToShow.emit()
    assert page._preview.more.isVisible()
    menu = page._preview.menu.actions()[-1].menu()
    assert isinstance(menu, QMenu)

    def reply() -> None:
        question = read_question(worker.asked("cache"))
        assert isinstance(question, CacheQuestion)
        worker.answer(answer(question), "cache")

    def open_menu() -> list[str]:
        menu.aboutToShow.emit()
        reply()
        return texts(menu)

    assert open_menu() == ["0 bytes of 20 GB on disk", LIMITS]
    keep("a" * 16, "pets.csv, picture")
    keep("b" * 16, "birds.csv, sound")
    assert open_menu()[0] == "2.0 KB of 20 GB on disk"
    assert "Remove pets.csv, picture (1.0 KB)" in texts(menu)
    next(action for action in menu.actions() if "pets" in action.text()).trigger()
    reply()
    assert [entry.key for entry in MediaCache().entries()] == ["b" * 16]
    assert messages == ["1.0 KB of decoded pictures and sounds removed"]
    assert open_menu()[-2:] == ["Remove all (1.0 KB)", LIMITS]
    next(action for action in menu.actions() if "Remove all" in action.text()).trigger()
    reply()
    assert not MediaCache().entries()
    menu.aboutToShow.emit()
    worker.refuse(OSError("the disk is away"), "cache")
    assert texts(menu) == ["the disk is away"]


def test_the_limits_are_set_from_the_menu(page: DataPage, session: Session, worker: PatientWorker) -> None:
    messages: list[str] = []
    session.message.connect(messages.append)
    keep("a" * 16, "pets.csv, picture")
    menu = page._cache_menu

    def open_dialog() -> LimitsDialog:
        menu.aboutToShow.emit()
        worker.answer(answer(read_question(worker.asked("cache"))), "cache")
        menu.actions()[-1].trigger()
        (dialog,) = (child for child in page.window().findChildren(LimitsDialog) if child.isVisible())
        return dialog

    asked = len(worker.asks) + 1
    open_dialog().reject()
    assert len(worker.asks) == asked, "nothing is set by Cancel"
    dialog = open_dialog()
    assert dialog.form.value() == read_limits().model_dump()
    dialog.form.setValue({"memory": 2.5, "cache": 2**-21})
    dialog.save_button.click()
    assert read_limits() == Limits(cache=20.0), "the window writes nothing itself"
    worker.answer(answer(read_question(worker.asked("cache"))), "cache")
    assert read_limits() == Limits(memory=2.5, cache=2**-21)
    assert messages[-1].startswith("Decoded pictures and sounds may take 2.5 GB of memory")
    assert messages[-1].endswith("of the 1.0 KB on disk, what exceeds it is removed when more is decoded")
