"""Pages built ahead of their first visit."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from PySide6.QtWidgets import QStackedWidget, QWidget
from pytestqt.qtbot import QtBot

from app.jobs import Worker
from app.main_window.pages import PageBuilder
from app.navigation import Page
from app.session import Session
from app.widgets import Stepwise


@pytest.fixture
def stack(qtbot: QtBot) -> QStackedWidget:
    made = QStackedWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def session(fake_worker: Callable[[], Worker]) -> Iterator[Session]:
    session = Session(worker=fake_worker())
    yield session
    session.close()


@pytest.fixture
def builder(session: Session, stack: QStackedWidget) -> PageBuilder:
    return PageBuilder(session, stack)


def broken(*_: object) -> None:
    raise OSError("broken")


def names_of(widget: QWidget) -> list[str]:
    return sorted(f"{type(one).__name__} {one.objectName()}" for one in widget.findChildren(QWidget))


@pytest.mark.parametrize("page", Page)
def test_a_page_built_in_steps_is_the_page_built_at_once(builder: PageBuilder, page: Page) -> None:
    whole = builder.finish(page)
    steps = next(number for number in count(1) if (ahead := builder.step(page)) is not None)
    assert type(ahead) is type(whole)
    assert names_of(ahead) == names_of(whole)
    assert (steps > 2) == isinstance(whole, Stepwise)  # the first two import it and begin it


@pytest.mark.parametrize("page", [Page.DATA, Page.TRAINING, Page.LIVE])
def test_a_visit_takes_the_steps_that_are_left(builder: PageBuilder, stack: QStackedWidget, page: Page) -> None:
    assert [builder.step(page) for _ in range(2)] == [None, None]  # it is imported, then begun
    begun = stack.children()
    assert builder.finish(page) in begun


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("page", [Page.DATA, Page.TRAINING, Page.LIVE])
def test_a_page_that_is_not_finished_goes_with_the_window(builder: PageBuilder, page: Page, steps: int) -> None:
    """Nothing of it is left behind, which is checked after every test."""
    assert [builder.step(page) for _ in range(steps)] == [None] * steps


def test_a_step_that_fails_is_taken_again_from_the_beginning(
    builder: PageBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("app.pages.live.page.CardBoard", broken)
        assert [builder.step(Page.LIVE) for _ in range(2)] == [None, None]
        with pytest.raises(OSError, match="broken"):
            builder.finish(Page.LIVE)
    assert builder.finish(Page.LIVE).objectName() == "LivePage"
