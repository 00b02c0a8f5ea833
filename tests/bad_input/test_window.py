"""Each bad input in the window: an error where it arises, no modal dialog, and nothing changed.

One window with a real worker serves the cases of a spec, its data and its model; a bad store, and runs that cannot go
on, each need a window of their own, which borrows the same worker.
"""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.jobs import Worker
from app.main_window import MainWindow
from app.main_window.problem_message import setting_title
from app.navigation import Page
from app.pages.data import DataPage
from app.session import Session
from app.settings import Settings
from mtl_core.protocol.questions import DevicesQuestion
from mtl_core.spec import load_preset, spec_to_data
from mtl_core.store import open_store
from tests import fork_server
from tests.bad_input.cases import COLUMNS, DEVICES, FILES, MODELS, RESUMES, RUNS, SPECS, STORES, TEXTS, Case
from tests.bad_input.place import STOPPED, Place

_PATIENCE_MS = 30_000
_BY_NAME = {case.name: case for case in (*RESUMES, *RUNS)}


class KeptWorker(Worker):
    """A worker that the windows of a module share: none of them owns or ends it."""

    def setParent(self, parent: QObject | None) -> None:
        """Belong to nobody."""

    def close(self, seconds: float = 5.0) -> None:
        """Drop open questions; the process stays warm."""
        self._questions.clear()

    def end(self) -> None:
        """End the process."""
        super().close()


@pytest.fixture(scope="module")
def home_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The application's folder of what lives longer than one test."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MTL_WORKBENCH_HOME", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def forked_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers begin with torch loaded."""
    monkeypatch.setattr("app.jobs.worker.process.Popen", fork_server.popen)


@pytest.fixture(scope="module")
def worker(qapp: QApplication, home_of_all: Path) -> Iterator[KeptWorker]:
    """The one real worker, warm."""
    worker = KeptWorker()
    answers: list[Any] = []
    worker.ask(DevicesQuestion(), answers.append)
    _until(lambda: answers, 120_000)
    yield worker
    worker.end()


@pytest.fixture(scope="module")
def shared_window(worker: KeptWorker, home_of_all: Path) -> Iterator[MainWindow]:
    """The window of the cases that leave it as it was."""
    with _opened(worker, home_of_all, None) as window:
        window.session.store.call(lambda store: store.version(), lane="live")
        _until(lambda: window.session.dataset_info is not None and window.session.store.url, 60_000)
        for page in Page:
            window.open_page(page)
        yield window


@pytest.fixture
def window(shared_window: MainWindow, place: Place, qtbot: QtBot) -> Iterator[MainWindow]:
    """The shared window, which must be usable after the case."""
    yield shared_window
    _assert_usable(shared_window)
    assert _listed_runs(shared_window) == 0


@contextmanager
def _opened(worker: Worker, folder: Path, store: Path | str | None) -> Iterator[MainWindow]:
    """A window on a store, with the bundled example open."""
    window = MainWindow(Session(None if store is None else str(store), worker=worker, settings=Settings(folder)))
    window.resize(1280, 800)  # which the offscreen screen, 800 by 800, would not have
    window.files.example("houses")
    window.show()
    window.session.start()
    yield window
    window.close_now()
    window.deleteLater()


def _until(condition: Callable[[], object], patience_ms: int = _PATIENCE_MS) -> None:
    """Let the window live until something holds."""
    end = time.monotonic() + patience_ms / 1000
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        QApplication.processEvents()
        time.sleep(0.002)


def _listed_runs(window: MainWindow) -> int:
    """The runs that Runs lists; one that was refused has failed and is archived."""
    with open_store(window.session.store.url, create=False) as store:
        return len(store.runs())


def _refusal(case: Case) -> tuple[str, ...]:
    """What the refusal of a run names: the place of the setting in words instead of its path."""
    path, *rest = case.parts
    return setting_title(path), *rest


def _texts(window: QWidget) -> list[str]:
    return [label.text() for label in window.findChildren(QLabel) if label.isVisible() and label.text()]


def _names(text: str, parts: tuple[str, ...]) -> bool:
    text, position = text.lower(), 0
    for part in parts:
        position = text.find(part.lower(), position)
        if position < 0:
            return False
    return True


def wait_for_words(widget: QWidget, parts: tuple[str, ...]) -> None:
    """Wait until something that can be seen below ``widget`` names these things in this order."""
    try:
        _until(lambda: any(_names(text, parts) for text in _texts(widget)))
    except AssertionError:
        raise AssertionError(f"nothing names {parts} among {_texts(widget)}") from None
    assert QApplication.activeModalWidget() is None


def _clear_messages(window: MainWindow) -> None:
    for banner in window.toasts.banners():
        banner.dismiss()


def _assert_usable(window: MainWindow) -> None:
    """Messages go when they are dismissed, pages open, and a good experiment can be opened."""
    _clear_messages(window)
    assert window.toasts.banners() == []
    for page in (Page.RUNS, Page.DATA):
        window.open_page(page)
        assert window.current_page() == page
    document, good = window.session.document, spec_to_data(load_preset("houses"))
    if document.data != good:
        document.load_data(good)
    assert document.data == good
    assert document.valid
    assert window.isEnabled()


def _press_run(window: MainWindow) -> None:
    window.actions_.run.trigger()


def _named(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", SPECS, ids=_named)
def test_a_bad_spec_file_is_refused_and_the_experiment_stays(case: Case, window: MainWindow, place: Place) -> None:
    spec = Path(case.make(place)[1])
    before, data = place.digest(), window.session.document.data
    assert not window.files.load(spec)
    wait_for_words(window.toasts, case.parts)
    assert window.session.document.data is data
    assert place.digest() == before


@pytest.mark.parametrize("case", [*FILES[:2], *COLUMNS], ids=_named)  # all files: below, where they are chosen
def test_bad_data_are_told_on_their_page_and_keep_the_experiment_from_running(
    case: Case, window: MainWindow, place: Place
) -> None:
    spec = Path(case.make(place)[1])
    before = place.digest()
    assert window.files.load(spec)
    window.open_page(Page.LIVE)
    _press_run(window)
    wait_for_words(window.toasts, _refusal(case))
    assert window.current_page() == Page.DATA
    _clear_messages(window)
    wait_for_words(window.page(Page.DATA), case.shown_parts[1:])
    assert place.digest() == before


@pytest.mark.parametrize("case", FILES, ids=_named)
def test_a_bad_file_is_refused_where_it_is_chosen(case: Case, window: MainWindow, place: Place) -> None:
    case.make(place)
    before, data = place.digest(), window.session.document.data
    window.open_page(Page.DATA)
    page = window.page(Page.DATA)
    assert isinstance(page, DataPage)
    typed = [path for path in place.folder.glob("homes.*") if path != place.table]
    page.loader.open_file(typed[0] if typed else place.table)
    error = page.findChild(QWidget, "source-error")
    assert error is not None
    wait_for_words(error, case.shown_parts[1:])
    assert window.session.document.data is data
    assert place.digest() == before


@pytest.mark.parametrize("case", MODELS, ids=_named)
def test_a_model_that_cannot_be_built_is_told_at_the_layer_and_does_not_run(
    case: Case, window: MainWindow, place: Place
) -> None:
    assert window.files.load(Path(case.make(place)[1]))
    before = place.digest()
    _press_run(window)
    wait_for_words(window.toasts, _refusal(case))
    assert window.current_page() == Page.MODEL
    _clear_messages(window)
    wait_for_words(window.page(Page.MODEL), case.shown_parts)
    assert place.digest() == before


@pytest.mark.parametrize("case", TEXTS, ids=_named)
def test_a_text_that_cannot_be_cut_is_told_where_that_is_set(case: Case, window: MainWindow, place: Place) -> None:
    assert window.files.load(Path(case.make(place)[1]))
    _press_run(window)
    wait_for_words(window.toasts, _refusal(case))
    assert window.current_page() == Page.DATA
    card = window.page(Page.DATA).findChild(QWidget, "text-card")
    assert card is not None
    wait_for_words(card, ["There is no such folder", "nowhere"])


@pytest.mark.parametrize("case", DEVICES, ids=_named)
def test_a_device_that_is_not_there_is_told_on_the_training_page(case: Case, window: MainWindow, place: Place) -> None:
    assert window.files.load(Path(case.make(place)[1]))
    _press_run(window)
    wait_for_words(window.toasts, _refusal(case))
    assert window.current_page() == Page.TRAINING


def test_a_setting_that_is_made_bad_is_told_where_it_is_set(window: MainWindow) -> None:
    window.session.document.set("training.epochs", 0)
    _press_run(window)
    wait_for_words(window.toasts, ("cannot run yet", "Training › epochs", "at least 1", "0"))
    assert window.current_page() == Page.TRAINING
    wait_for_words(window.page(Page.TRAINING), ("at least 1",))


@pytest.mark.parametrize("case", STORES[:7], ids=_named)  # the URLs behind them are refused in one place
def test_a_bad_store_is_told_and_nothing_is_run(
    case: Case, worker: KeptWorker, place: Place, home: Path, qtbot: QtBot
) -> None:
    store = case.make(place)[-1]
    before = place.digest()
    with _opened(worker, home, store) as window:
        wait_for_words(window.toasts, case.parts)
        _clear_messages(window)
        _press_run(window)
        wait_for_words(window.toasts, case.parts)
        _assert_usable(window)
    assert place.digest() == before


_ON_RUNS: dict[str, Callable[[MainWindow], object]] = {
    "resuming a finished run": lambda window: window.session.queue.resume_run(1),
    "resuming from a cut checkpoint": lambda window: window.session.queue.resume_run(int(STOPPED)),
    "resuming another model": lambda window: window.session.queue.resume_run(int(STOPPED)),
    "resuming on changed data": lambda window: window.session.queue.resume_run(int(STOPPED)),
    "stopping an ended run": lambda window: window.session.queue.stop(int(STOPPED)),
    "a filter with an open quote": lambda window: _filter(window, '"two'),
    "a filter by an unknown field": lambda window: _filter(window, "colour:red"),
    "a filter by an unknown state": lambda window: _filter(window, "state:done"),
    "a filter that compares text": lambda window: _filter(window, "training.epochs>many"),
    "no room for artifacts": _press_run,
}


def _filter(window: MainWindow, text: str) -> None:
    window.open_page(Page.RUNS)
    field = window.findChild(QLineEdit, "runs-filter")
    assert field is not None
    field.setText(text)


@pytest.mark.parametrize("name", _ON_RUNS)
def test_what_cannot_be_done_with_runs_is_told_and_leaves_them_as_they_were(
    name: str, worker: KeptWorker, place: Place, home: Path, qtbot: QtBot
) -> None:
    case = _BY_NAME[name]
    case.make(place)
    before = place.digest()
    with _opened(worker, home, place.store) as window:
        _ON_RUNS[name](window)
        wait_for_words(window, _in_window(case))
        _assert_usable(window)
    assert place.digest() == before


def _in_window(case: Case) -> tuple[str, ...]:
    """A filter's error stands below the filter: it begins with what was typed there and need not name the place."""
    return ("“", *case.parts[1:2]) if case.parts[0] == "filter" else case.parts


def test_an_experiment_is_not_saved_into_a_folder_that_is_not_there(window: MainWindow, place: Place) -> None:
    from mtl_core.spec import InputError

    with pytest.raises(InputError, match="cannot be written"):
        window.session.document.save_as(place.folder / "no" / "spec.yaml")


def test_a_comparison_of_one_run_says_what_is_missing(
    worker: KeptWorker, place: Place, home: Path, qtbot: QtBot
) -> None:
    store = place.with_runs()
    before = place.digest()
    with _opened(worker, home, store) as window:
        window.session.compare([1])
        window.open_page(Page.COMPARE)
        wait_for_words(window.page(Page.COMPARE), ("Add a second run",))
    assert place.digest() == before


def test_points_are_not_exported_into_a_folder_that_is_not_there(
    worker: KeptWorker, place: Place, home: Path, qtbot: QtBot
) -> None:
    store = place.with_runs()
    before = place.digest()
    with _opened(worker, home, store) as window:
        window.open_page(Page.RUNS)
        page: Any = window.page(Page.RUNS)
        page.run_actions.export_to([1], place.folder / "no" / "points.csv")
        wait_for_words(window.toasts, ("no/points.csv", "cannot be written"))
    assert place.digest() == before


def _start_with_little_room(*args: Any, **options: Any) -> Any:
    """Start a worker whose files cannot exceed 3 MB; a checkpoint has 8."""
    process = fork_server.popen(*args, **options)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
    return process


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits another process's files, which Linux alone does")
def test_a_checkpoint_that_finds_no_room_ends_the_run_with_one_message(
    qapp: QApplication, place: Place, home: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.worker.process.Popen", _start_with_little_room)  # whichever process trains
    wide = {"model.shared[0].out_features": 100_000, "training.epochs": 1000, "training.checkpoint_seconds": 0.0}
    with _opened(Worker(), home, place.store) as window:
        assert window.files.load(place.write_spec(wide))
        _until(lambda: window.session.devices, 120_000)
        _press_run(window)
        wait_for_words(window.toasts, ("Run 1 failed", "last.safetensors", "cannot be saved", "file too large"))
        _assert_usable(window)
    with open_store(place.store) as store:
        assert store.run(1).state == "failed"
        assert list(store.artifacts_dir(1).iterdir()) == []
