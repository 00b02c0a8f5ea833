"""Each error is shown where it arises, with what to do."""

from pathlib import Path

import pytest

from app.jobs import Worker
from app.navigation import Page
from mtl_core.store import RunStore
from tests.e2e.conftest import OpenWindow
from tests.e2e.person import Person


@pytest.mark.slow
def test_bad_data_a_bad_layer_and_a_bad_learning_rate_are_told_where_they_arise(
    open_window: OpenWindow, store: RunStore, tmp_path: Path
) -> None:
    person = open_window()
    drop_an_empty_table(person, tmp_path)
    mend_a_layer(person)
    diverge(person, store)


def drop_an_empty_table(person: Person, folder: Path) -> None:
    """The Data page says what is wrong with the file and offers another; the experiment stays as it was."""
    before = person.window.session.document.data
    for name, text, words in (("empty.csv", "", "file is empty"), ("lonely.csv", "only\n1\n2\n", "only one column")):
        (folder / name).write_text(text, "utf-8")
        person.drop_file("data-page", folder / name)
        person.reads("source-error", words)
        assert "Open another file…" in [button.text() for button in person.links("source-error")]
        assert person.window.session.document.data == before


def mend_a_layer(person: Person) -> None:
    """A convolution cannot read a row of features: said at the layer, mended by the link beside it."""
    person.page(Page.MODEL)
    person.click("add-shared-layer")
    person.bot.keyClicks(person.find("layer-search"), "conv2d")
    person.press_return()
    person.reads("model-problems", "1 problem")
    row = person.find("row:model.shared[2]")
    person.wait(lambda: "Conv2d" in row.accessibleName() and "16 features" in row.accessibleName(), "the error")
    assert person.text("fix:model.shared[2]") == "Use Linear"
    person.click("fix:model.shared[2]")
    person.wait(lambda: person.look("model-problems") is None, "the problem to go")
    person.wait(lambda: "Linear" in person.find("row:model.shared[2]").accessibleName(), "a linear layer")
    assert person.window.session.document.get("model.shared[2].kind") == "linear"


def diverge(person: Person, store: RunStore) -> None:
    """A learning rate of 100 ends the run: the task and the step are named, and what to do."""
    person.page(Page.TRAINING)
    person.choose("training.optimizer.kind", "SGD")
    person.type_over("training.optimizer.lr", "100")
    person.type_over("training.epochs", "500")
    person.click("run")
    person.reads("live-notice-text", "Failed", "price", "step", "learning rate")
    failed = store.runs()[0]
    assert failed.state == "failed"
    assert any(event.kind == "nan" and event.data["task"] == "price" for event in store.events(failed.id))
    person.click("live-notice-action")
    assert person.window.current_page() == Page.TRAINING
    person.page(Page.RUNS)
    person.choose_runs(failed.id)
    person.reads("run-error", "price", "step")


@pytest.mark.slow
def test_a_worker_that_cannot_start_is_told_and_leaves_the_window_usable(
    open_window: OpenWindow, store: RunStore
) -> None:
    person = open_window(worker=Worker(("/bin/false",)))
    person.wait(lambda: any("worker" in message for message in person.messages()), "the error")
    person.page(Page.TRAINING)
    person.type_over("training.epochs", "7")
    person.click("undo")
    assert person.window.session.document.get("training.epochs") == 4
    person.click("run")
    person.wait(lambda: any("ended with status 1" in message for message in person.messages()), "why it cannot run")
    person.wait(lambda: [run.state for run in store.runs(archived=True)] == ["failed"], "the run to be withdrawn")
    assert "ended with status 1" in store.runs(archived=True)[0].error
    assert store.runs() == []
