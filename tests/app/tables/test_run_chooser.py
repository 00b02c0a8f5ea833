"""The list of runs to choose from: position, search, and reading off the GUI thread."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.jobs import StoreService
from app.tables import RunChooser, rect_within
from mtl_core.store import RunStore, open_store
from tests.app.synthetic import add_run, experiment

SCREEN = QRect(0, 0, 1024, 768)


@pytest.fixture
def service(qtbot: QtBot, tmp_path: Path) -> Iterator[StoreService]:
    with open_store(tmp_path / "runs.sqlite") as store:
        for number in range(45):
            method = "pcgrad" if number % 9 == 0 else "equal"
            training = {"epochs": 1, "seed": number}
            spec = experiment(name=f"trial {number}", weighting={"kind": method}, training=training)
            if number < 3:
                add_run(store, spec, epochs=1)
            else:
                store.create_run(spec)
    made = StoreService(str(tmp_path / "runs.sqlite"))
    yield made
    made.close()


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(700, 500)
    return made


def _open(qtbot: QtBot, window: QWidget, service: StoreService, *, multiple: bool) -> RunChooser:
    button = QPushButton("Add run", window)
    layout = QHBoxLayout(window)
    layout.addStretch(1)
    layout.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
    chooser = RunChooser(service, "chooser", window, multiple=multiple)
    window.show()
    chooser.open_below(button)
    qtbot.waitUntil(lambda: chooser.model.total > 0)
    return chooser


@pytest.mark.parametrize("corner", [(10, 10), (950, 60), (1020, 760), (-30, 300)])
@pytest.mark.parametrize("size", [(600, 480), (1200, 400), (300, 2000)])
def test_the_panel_stands_wholly_on_the_screen(corner: tuple[int, int], size: tuple[int, int]) -> None:
    place = rect_within(QSize(*size), QPoint(*corner), SCREEN)
    assert SCREEN.contains(place)


def test_every_run_of_the_store_is_offered_and_found_by_any_of_its_words(
    qtbot: QtBot, window: QWidget, service: StoreService
) -> None:
    chooser = _open(qtbot, window, service, multiple=False)
    assert chooser.model.total == 45
    assert chooser.model.shown_runs()[0] == 45
    chooser.search.setText("PCGrad trial 9")
    assert chooser.model.shown_runs() == (19, 10)
    chooser.search.setText("queued pcgrad")
    assert chooser.model.shown_runs() == (37, 28, 19, 10)
    chooser.search.setText("no such run")
    assert chooser.status.text() == "No run has all of these words."
    chooser.hide()


def test_a_run_is_chosen_by_keys_alone(qtbot: QtBot, window: QWidget, service: StoreService) -> None:
    chooser = _open(qtbot, window, service, multiple=False)
    qtbot.keyClicks(chooser.search, "pcgrad")
    qtbot.keyClick(chooser.search, Qt.Key.Key_Down)
    with qtbot.waitSignal(chooser.runsChosen) as chosen:
        qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    assert chosen.args == [[28]]
    assert not chooser.isVisible()


def test_several_runs_are_ticked_across_searches_and_taken_at_once(
    qtbot: QtBot, window: QWidget, service: StoreService
) -> None:
    chooser = _open(qtbot, window, service, multiple=True)
    assert chooser.model.total == 3  # those that wait have nothing to compare
    chooser.search.setText("trial 0")
    chooser._on_clicked(chooser.model.index(0))
    chooser.search.setText("trial 2")
    qtbot.keyClick(chooser.search, Qt.Key.Key_Down)
    chooser._on_clicked(chooser.model.index(0))
    assert chooser.add_button.text() == "Add 2 runs"
    with qtbot.waitSignal(chooser.runsChosen) as chosen:
        qtbot.mouseClick(chooser.add_button, Qt.MouseButton.LeftButton)
    assert chosen.args == [[1, 3]]


def test_the_runs_are_read_off_the_gui_thread(
    qtbot: QtBot, window: QWidget, service: StoreService, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()
    read = RunStore.runs

    def runs(store: RunStore, **options: object) -> object:
        threads.add(threading.get_ident())
        return read(store, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(RunStore, "runs", runs)
    chooser = _open(qtbot, window, service, multiple=False)
    assert threads
    assert threading.get_ident() not in threads
    chooser.hide()


def test_a_store_that_cannot_be_read_says_why(
    qtbot: QtBot, window: QWidget, service: StoreService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def runs(store: RunStore, **options: object) -> object:
        raise OSError("the disk is gone")

    monkeypatch.setattr(RunStore, "runs", runs)
    chooser = RunChooser(service, "chooser", window)
    window.show()
    chooser.open_below(window)
    qtbot.waitUntil(lambda: chooser.status.text() == "The runs cannot be read: the disk is gone")
    chooser.hide()
