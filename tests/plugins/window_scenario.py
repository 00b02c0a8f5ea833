"""A user opens a table of another package's format, trains its kind of task, and reads its metric.

Run by test_data_kinds.py in a process in which the example package is installed.
"""

import os
from pathlib import Path

from PySide6.QtWidgets import QTabBar

from app.navigation import Page
from mtl_core.store import RunStore, SeriesKey
from mtl_core.store.records import END_STATES
from tests.e2e.conftest import OpenWindow, forked_workers, one_thread, open_window, store, watchdog

__all__ = ["forked_workers", "one_thread", "open_window", "store", "watchdog"]

HEADER = ["area", "city", "price", "sold"]
KIND, METRIC = "mtlw-example/interval", "mtlw-example/g_mean"


def test_a_table_is_opened_and_a_kind_and_a_metric_chosen_and_trained(open_window: OpenWindow, store: RunStore) -> None:
    table = Path(os.environ["MTLW_TABLE"])
    person = open_window()
    document = person.window.session.document
    person.page(Page.DATA)
    person.drop_file("data-page", table)
    person.wait(lambda: person.cells("data-preview")[:1] == [HEADER], "the table in the preview")
    for column in HEADER:
        role = "Target" if column in ("price", "sold") else "Input"
        if person.column_box("role", column).currentText() != role:
            person.choose(person.column_box("role", column).objectName(), role)
    for column, kind in (("price", "Interval"), ("sold", "Binary")):
        person.column_box("task-kind", column)
        person.choose(f"task-kind-{column}", kind)
    kinds = {task["target"]: task["kind"] for task in document.get("tasks")}
    assert kinds == {"price": KIND, "sold": "binary"}
    person.page(Page.TRAINING)
    index = next(i for i, task in enumerate(document.get("tasks")) if task["target"] == "sold")
    tabs = person.find("training-task-tabs", QTabBar)
    person.click_on(tabs, tabs.tabRect(index).center())
    person.click(f"tasks[{index}].metrics.{METRIC}")
    person.wait(lambda: METRIC in document.get(f"tasks[{index}].metrics"), "the metric")
    person.type_over("training.epochs", "2")
    person.click("run")
    person.wait(lambda: store.runs() and store.runs()[0].state in END_STATES, "the run to end")
    run = store.runs()[0]
    assert (run.state, run.error, run.versions["mtlw-example"]) == ("finished", "", "0.1.0")
    assert store.spec(run.id).dataset.format == "mtlw-example/fixed_width"
    points = store.read(run.id)[0]
    assert SeriesKey("sold", "test", METRIC) in points
    assert SeriesKey("price", "test", "interval_score") in points
    person.page(Page.LIVE)
    person.reads("live-notice-text", "Finished", "price interval_score")
