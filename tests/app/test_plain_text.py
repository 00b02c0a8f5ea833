"""Names given by users are shown as written: no markup, image, link or shortcut."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex
from PySide6.QtGui import QAction, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QComboBox,
    QGraphicsView,
    QLabel,
    QMenu,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

import app
from app.jobs import Worker
from app.main_window import MainWindow
from app.main_window.dialogs import Dialogs
from app.navigation import Page
from app.pages.runs.runs_view import RunsView
from app.session import Session
from app.theme import apply_theme
from app.widgets import Button, Label, RichLabel, ToolButton, escape_mnemonic, plain_tooltip
from mtl_core.protocol.events import WarningEvent
from mtl_core.spec import ExperimentSpec, spec_from_data
from mtl_core.store import RunStore, open_store
from tests.app.conftest import Answers
from tests.app.synthetic import add_run

MARKUP = '<b>x</b><img src="file:///no.png">'


def name_of(what: str) -> str:
    return f"<b>{what}</b><img src='file:///{what}.png'> a&b"


@pytest.mark.parametrize(
    "text", [MARKUP, "a &lt; b", "<a href='x'>y</a>", "x &amp;lt; <i>y</i>", "plain", "a < b > c", ""]
)
def test_a_tooltip_is_never_taken_for_rich_text(text: str) -> None:
    shown = plain_tooltip(text)
    assert not Qt.mightBeRichText(shown)
    assert shown.replace("\u2060", "") == text


def test_labels_and_buttons_show_the_words_they_were_given(qtbot: QtBot) -> None:
    for widget in (Label(MARKUP), Button("a&b"), ToolButton("x", "tip", text="a&b")):
        qtbot.addWidget(widget)
    label, button = Label(), Button("")
    qtbot.addWidget(label)
    qtbot.addWidget(button)
    label.setText(MARKUP)
    button.setText("a&b <i>")
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert button.text() == "a&b <i>"
    assert QAbstractButton.text(button) == "a&&b <i>"
    assert button.shortcut().isEmpty()
    assert escape_mnemonic("a&b") == "a&&b"


def test_a_question_shows_names_as_written(qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    from PySide6.QtWidgets import QMessageBox

    seen: list[QMessageBox] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: seen.append(box) or 0)
    parent = QWidget()
    qtbot.addWidget(parent)
    Dialogs(parent).choose(MARKUP, MARKUP, ["Keep a&b", "Cancel"])
    assert seen[0].textFormat() is Qt.TextFormat.PlainText
    assert [button.text() for button in seen[0].buttons()] == ["Keep a&&b", "Cancel"]


def test_every_tooltip_of_the_window_goes_through_the_helper() -> None:
    """A tooltip is a text of the program's own, or made plain."""
    faults = []
    for file in sorted(Path(str(app.__file__)).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".setToolTip", "QToolTip.showText")):
                place = 1 if "showText" in ast.unparse(node.func) else -1
                if not _is_ours(node.args[place]):
                    faults.append(f"{file.name}:{node.lineno}: {ast.unparse(node)}")
    assert faults == []


def _is_ours(value: ast.expr) -> bool:
    match value:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name.isupper()
        case ast.IfExp(body=first, orelse=second):
            return _is_ours(first) and _is_ours(second)
        case ast.Call(func=ast.Name(id="plain_tooltip")):
            return True
    return False


@pytest.fixture
def experiment(tmp_path: Path) -> ExperimentSpec:
    """An experiment whose every name is markup."""
    table = tmp_path / f"{name_of('file').replace('/', '-')}.csv"
    kinds = (name_of("one class"), name_of("other class"))
    lines = [f'"{name_of("input")}","{name_of("kind")}","{name_of("target")}","{name_of("category")}"']
    lines += [f'{i}.5,"{kinds[i % 2]}",{i * 2}.25,"{kinds[i % 3 == 0]}"' for i in range(60)]
    table.write_text("\n".join(lines), encoding="utf-8")
    task, other = "<b>task<hr> a&b", "<i>second task<hr> a&b"  # a task's name has no slash and no equals sign
    data = {
        "version": 1,
        "name": name_of("experiment"),
        "dataset": {"kind": "table", "path": str(table), "inputs": [name_of("input"), name_of("category")]},
        "tasks": [
            {"name": task, "kind": "regression", "target": name_of("target")},
            {"name": other, "kind": "binary", "target": name_of("kind")},
        ],
        "model": {"shared": [{"kind": "linear", "out_features": 4}], "heads": {task: [], other: []}},
        "training": {"epochs": 20, "device": "cpu"},
    }
    return spec_from_data(data)


@pytest.fixture
def records(home: Path, experiment: ExperimentSpec) -> Iterator[RunStore]:
    """Runs of it, one failed, with tags and notes that are markup."""
    home.mkdir(parents=True, exist_ok=True)
    with open_store() as store:
        for seed, state in enumerate(("finished", "finished", "failed"), start=1):
            run = add_run(
                store, experiment, seed=seed, state=state, error=MARKUP if state == "failed" else "", moved_at=9
            )
            store.edit(run, tags=[name_of("tag")], notes=name_of("notes"))
            store.add_event(run, WarningEvent(step=3, message=name_of("event")))
        yield store


@pytest.fixture
def window(
    records: RunStore, experiment: ExperimentSpec, qtbot: QtBot, qapp: QApplication, wait: Callable[..., None]
) -> Iterator[MainWindow]:
    """The window on that experiment."""
    apply_theme(qapp, "light")
    window = MainWindow(Session(worker=Worker()), Answers())
    try:
        window.session.document.load_spec(experiment)
        window.show()
        window.session.start()
        session = window.session
        qtbot.waitUntil(lambda: bool(session.dataset_info and session.model_info), timeout=90_000)
        yield window
    finally:
        window.close_now()
        window.deleteLater()


def test_no_name_in_the_window_is_markup_a_picture_or_a_shortcut(
    window: MainWindow, wait: Callable[..., None], qtbot: QtBot
) -> None:
    session = window.session
    faults: list[str] = []
    for page in Page:
        window.open_page(page)
        if page is Page.RUNS:
            view = window.findChild(RunsView)
            assert view is not None
            wait(lambda view=view: view.model().rowCount() == 3)
            view.selectRow(0)
        if page is Page.LIVE:
            session.show_live(1)
        if page is Page.COMPARE:
            session.compare([1, 2])
        qtbot.wait(300)
        faults += [*_rich_labels(window), *_rich_tips(window), *_shortcuts(window), *_rich_items(window)]
    assert faults == []
    shown = " ".join(label.text() for label in window.findChildren(QLabel))
    assert "<b>" in shown


def _rich_labels(window: QWidget) -> list[str]:
    return [
        f"{type(label).__name__} {label.objectName()}: {label.text()}"
        for label in window.findChildren(QLabel)
        if label.textFormat() is not Qt.TextFormat.PlainText and not isinstance(label, RichLabel)
    ]


def _rich_tips(window: QWidget) -> list[str]:
    tips = [(widget, widget.toolTip()) for widget in window.findChildren(QWidget)]
    tips += [
        (action, action.toolTip())
        for menu in window.findChildren(QMenu)
        for action in menu.actions()
        if menu.toolTipsVisible()
    ]
    for view in window.findChildren(QGraphicsView):
        tips += [(view, item.toolTip()) for item in view.items()]
    for bar in window.findChildren(QTabBar):
        tips += [(bar, bar.tabToolTip(index)) for index in range(bar.count())]
    return [f"{type(owner).__name__}: {text}" for owner, text in tips if Qt.mightBeRichText(text)]


def _shortcuts(window: QWidget) -> list[str]:
    """Texts in which ``&`` would be taken for the mark of a shortcut."""
    texts = [
        QAbstractButton.text(one)
        for one in window.findChildren(QAbstractButton)
        if isinstance(one, (Button, ToolButton, QCheckBox))
    ]
    texts += [action.text() for action in window.findChildren(QAction)]
    texts += [bar.tabText(index) for bar in window.findChildren(QTabBar) for index in range(bar.count())]
    return [text for text in texts if "&" in text.replace("&&", "")]


def _rich_items(window: QWidget) -> list[str]:
    models: list[QAbstractItemModel] = [view.model() for view in window.findChildren(QAbstractItemView)]
    models += [box.model() for box in window.findChildren(QComboBox)]
    tips = [text for model in models if model is not None for text in _tips_of(model)]
    return [text for text in tips if Qt.mightBeRichText(text)]


def _tips_of(model: QAbstractItemModel) -> Iterator[str]:
    role = Qt.ItemDataRole.ToolTipRole
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(QModelIndex())
    for column in range(min(columns, 40)):
        yield str(model.headerData(column, Qt.Orientation.Horizontal, role) or "")
        for row in range(min(model.rowCount(QModelIndex()), 40)):
            yield str(model.data(model.index(row, column), role) or "")
