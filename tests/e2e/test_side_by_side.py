"""A window and the command line on one store at once."""

import json
import sys
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import pytest

from app.navigation import Page
from mtl_core.spec import save_spec
from mtl_core.store import RunStore
from tests import fork_server
from tests.e2e.conftest import OpenWindow
from tests.e2e.experiments import ENDLESS, houses
from tests.e2e.person import Person, column
from tests.fork_server import Process


@pytest.mark.slow
def test_the_window_and_the_command_line_work_on_one_store_at_once(
    open_window: OpenWindow, store: RunStore, tmp_path: Path
) -> None:
    endless, short = tmp_path / "experiment.yaml", tmp_path / "short.yaml"
    save_spec(houses(epochs=ENDLESS), endless)
    save_spec(houses(epochs=2), short)
    person = open_window()
    person.click("run")
    person.reads("live-notice-text", "epoch 1", "samples/s")
    mine = store.runs()[0].id
    trained = finish(person, command("train", str(short), "--json"))
    assert (trained["state"], set(trained["test"])) == ("finished", {"price", "sold"})
    assert store.run(mine).state == "running"
    see_both(person, store, mine, trained["run"])
    finish(person, command("stop", str(mine)), parse=False)
    person.page(Page.LIVE)
    person.reads("live-notice-text", "Stopped")
    person.reads("status-run", "Nothing is running")
    shown = finish(person, command("show", str(mine), "--json"))
    assert shown["state"] == "stopped"


def command(*arguments: str) -> Process:
    """A command beside the window."""
    words = [sys.executable, "-m", "mtl_core", *arguments]
    return fork_server.popen(words, stdout=PIPE, stderr=DEVNULL, encoding="utf-8")


def finish(person: Person, process: Process, *, parse: bool = True) -> Any:
    """Wait for a command while the window goes on; what it printed."""
    try:
        person.wait(lambda: process.poll() is not None, "the command to end")
    finally:
        process.kill()
        process.wait()
    with process.stdout:
        text = process.stdout.read()
    assert process.returncode == 0
    return json.loads(text) if parse else text


def see_both(person: Person, store: RunStore, mine: int, other: int) -> None:
    """The table has both runs, and what the command line trained can be looked at on Live."""
    person.page(Page.RUNS)
    person.wait(lambda: len(person.cells("runs-table")) == 3, "two runs in the table")
    assert sorted(column(person.cells("runs-table"), "State")) == ["Finished", "Running"]
    person.choose_runs(other)
    person.click("run-action-0")
    person.wait(lambda: person.window.current_page() == Page.LIVE, "its curves")
    person.reads("live-notice-text", "Finished")
    person.choose_from_list("live-run", "live-run-chooser", mine)
    person.reads("live-notice-text", "epoch", "samples/s")
