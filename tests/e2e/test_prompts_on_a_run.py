"""Soft prompts for new tasks on the frozen trunk that a run has trained, by clicking only."""

import pytest

from app.navigation import Page
from mtl_core.store import RunStore
from tests.e2e.conftest import OpenWindow
from tests.e2e.person import Person
from tests.e2e.short_runs import train_shortly
from tests.e2e.test_bundled_inputs import choose_set


@pytest.mark.slow
def test_new_tasks_learn_prompts_on_the_trunk_of_a_run(open_window: OpenWindow, store: RunStore) -> None:
    person = open_window()
    choose_set(person, "Reviews", "80")
    person.click("remove-task-entities")
    person.click("remove-task-sentiment")
    person.page(Page.MODEL)
    person.pick_from("templates", "Text, transformer")
    trained = train_shortly(person, store, epochs=2, batch_size=16, learning_rate="0.003")
    choose_new_tasks(person)
    person.page(Page.MODEL)
    person.choose("model.sharing.kind", "Soft prompts")
    person.reads("scheme-warning", "frozen", "random weights")
    person.choose_from_list("begin-with-run", "begin-run-chooser", trained)
    person.wait(lambda: person.look("scheme-warning") is None, "a trained trunk with attention")
    person.reads("model-size", "% trained")
    run = train_shortly(person, store, epochs=3, batch_size=16)
    spec = store.spec(run)
    assert (spec.model.sharing.kind, spec.task_names) == ("prompts", ("entities", "sentiment"))
    assert spec.model.shared == store.spec(trained).model.shared


def choose_new_tasks(person: Person) -> None:
    """Make two other columns targets, and remove the task that the run has learned."""
    person.page(Page.DATA)
    for column in ("entities", "sentiment"):
        person.choose(person.column_box("role", column).objectName(), "Target")
    person.click("remove-task-subject")
    heads = person.window.session.document.get("model.heads")
    assert [layer["kind"] for layer in heads["sentiment"]] == ["sequence_pool"]
    assert heads["entities"] == []
