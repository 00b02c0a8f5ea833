"""Bundled sets with three tasks by clicking only: texts, pictures and a table to three kinds of task, and reviews."""

import pytest

from app.navigation import Page
from mtl_core.store import RunStore, SeriesKey
from tests.e2e.conftest import OpenWindow
from tests.e2e.person import Person
from tests.e2e.short_runs import train_shortly


def choose_set(person: Person, title: str, test_share: str) -> None:
    """Choose a bundled set; most rows are kept for the test, so that an epoch is short."""
    person.page(Page.DATA)
    person.choose_row("data-sets", title)
    document = person.window.session.document
    person.wait(lambda: document.get("dataset.name") == title.lower(), f"{title} in the experiment")
    person.type_over("split-test", test_share)


@pytest.mark.slow
def test_texts_a_picture_and_a_table_predict_category_price_and_satisfaction(
    open_window: OpenWindow, store: RunStore
) -> None:
    person = open_window()
    choose_set(person, "Talents", "75")
    person.page(Page.MODEL)
    for name in ("behavior", "title", "description", "picture"):
        person.choose("block-tabs-list", name)
        person.find(f"row:model.inputs.{name}[0]")
    run = train_shortly(person, store, learning_rate="0.003")
    kinds = {task.name: task.kind for task in store.spec(run).tasks}
    assert kinds == {"category": "multiclass", "price": "regression", "satisfaction": "ordinal"}
    assert store.spec(run).dataset.input_kinds == {
        "behavior": "table",
        "title": "text",
        "description": "text",
        "picture": "image",
    }


@pytest.mark.slow
def test_reviews_predict_entities_subject_and_sentiment(open_window: OpenWindow, store: RunStore) -> None:
    person = open_window()
    choose_set(person, "Reviews", "70")
    run = train_shortly(person, store, epochs=3, batch_size=16)
    assert {task.name: task.kind for task in store.spec(run).tasks} == {
        "entities": "tagging",
        "subject": "multiclass",
        "sentiment": "ordinal",
    }
    points = store.read(run)[0]
    for task, metric in (("entities", "f1"), ("subject", "accuracy"), ("sentiment", "quadratic_kappa")):
        assert SeriesKey(task, "test", metric) in points
