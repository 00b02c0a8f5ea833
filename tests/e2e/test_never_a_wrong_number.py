"""Each panel shows its own run's settings, state and time left, whatever is selected or started in any order."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from app.navigation import Page
from mtl_core.runner.execution import execute
from mtl_core.spec import ExperimentSpec, set_at, spec_from_data, spec_to_data
from mtl_core.store import RunStore
from tests.e2e.conftest import OpenWindow
from tests.e2e.experiments import houses
from tests.e2e.person import Person
from tests.e2e.shown_runs import ShownRuns

_ACTIONS = 24
_MOST_ACTIVE = 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_each_panel_shows_its_own_run_after_any_sequence_of_actions(
    open_window: OpenWindow, store: RunStore, seed: int
) -> None:
    chance = random.Random(seed)
    for number in range(3):  # of the days before
        execute(store, store.create_run(_experiment(number, chance, epochs=2 + number)))
    person = open_window()
    for page in Page:
        person.window.page(page)
    person.wait(lambda: person.window.session.devices, "the engine")
    crowd = _Crowd(person, store, chance)
    shown = ShownRuns(person.window, store)
    done = []
    for _ in range(_ACTIONS):
        done.append(crowd.act())
        if chance.random() < 0.4:  # else the next one comes before the answers to this one
            person.wait(lambda: not shown.differences() or shown.faults, f"{done}: {shown.differences()}")
        else:
            for _ in range(chance.randrange(4)):
                person.bot.process_events()
        shown.check()
        assert not shown.faults, done
    person.wait(lambda: not shown.differences(), f"{done}: {shown.differences()}")
    assert not shown.faults, done


def _experiment(number: int, chance: random.Random, *, epochs: int) -> ExperimentSpec:
    """An experiment that differs from all others in seed, epochs and name, and in tasks and weighting from some."""
    data: Any = spec_to_data(houses(epochs=epochs, seed=number, batch_size=chance.choice((32, 48, 64))))
    data = set_at(data, "name", f"experiment {number}")
    if chance.random() < 0.4:
        data = set_at(data, "tasks", [task for task in data["tasks"] if task["name"] == "sold"])
        data = set_at(data, "model.heads", {})
    data = set_at(data, "weighting", {"kind": chance.choice(("equal", "uncertainty", "dwa"))})
    return spec_from_data(data)


class _Crowd:
    """Does at random what people do with runs."""

    def __init__(self, person: Person, store: RunStore, chance: random.Random) -> None:
        self._person, self._window, self._store, self._chance = person, person.window, store, chance
        self._number = 3
        self._actions: list[Callable[[], str]] = [
            self._start, self._start, self._start_short, self._press, self._press, self._press_on_live, self._show,
            self._show, self._select, self._select, self._turn, self._turn, self._resume, self._archive, self._erase,
            self._weights,
        ]  # fmt: skip

    def act(self) -> str:
        """Do something; what it was."""
        while not (done := self._chance.choice(self._actions)()):
            pass
        return done

    def _run(self) -> int:
        return self._chance.choice(self._store.run_ids(archived=True))

    def _start(self, epochs: int = 50_000) -> str:
        queue = self._window.session.queue
        if len(queue.waiting_runs) + len(queue.live_runs) >= _MOST_ACTIVE:
            return ""
        self._number += 1
        spec = _experiment(self._number, self._chance, epochs=epochs + self._number)
        queue.start(spec)
        return f"start {spec.training.epochs} epochs"

    def _start_short(self) -> str:
        return self._start(epochs=1)

    def _press(self) -> str:
        return self._click(self._chance.choice(("pause", "stop")))

    def _press_on_live(self) -> str:
        return self._click(self._chance.choice(("live-pause", "live-resume", "live-stop")))

    def _click(self, name: str) -> str:
        button: Any = self._window.findChild(QWidget, name)
        if not button.isEnabled() or not button.isVisible():
            return ""
        text = button.text()
        button.click()
        return f"press {name} ({text})"

    def _show(self) -> str:
        run = self._run()
        live: Any = self._window.page(Page.LIVE)
        live.picker.runPicked.emit(run)
        return f"show {run}"

    def _select(self) -> str:
        run = self._run()
        return f"select {run}" if self._view().select_run(run) else ""

    def _turn(self) -> str:
        page = self._chance.choice((Page.LIVE, Page.RUNS, Page.LIVE, Page.RUNS, *Page))
        self._window.open_page(page)
        return f"open {page.key}"

    def _resume(self) -> str:
        return self._do("resume")

    def _archive(self) -> str:
        return self._do("archive")

    def _do(self, key: str) -> str:
        """Do something to the run selected on Runs."""
        page: Any = self._window.page(Page.RUNS)
        records = page.view.selected_records()
        if len(records) != 1 or key not in {action.key for action in page._actions(records)}:
            return ""
        page.act(key)
        return f"{key} {records[0].id}"

    def _erase(self) -> str:
        live: Any = self._window.page(Page.LIVE)
        away = [run.id for run in self._store.runs(archived=True) if run.archived and run.has_ended]
        page: Any = self._window.page(Page.RUNS)
        away = [run for run in away if run not in (live.run, page.panel.run)]
        if not away:
            return ""
        page.run_actions.erase_now(away[:1], "erase")
        return f"erase {away[0]}"

    def _weights(self) -> str:
        live: Any = self._window.page(Page.LIVE)
        sliders = [slider for slider in live.board.control.sliders.values() if slider.isEnabled()]
        if not sliders:
            return ""
        sliders[0].slider.setValue(self._chance.randrange(200, 800))
        return f"move a weight of {live.run}"

    def _view(self) -> Any:
        page: Any = self._window.page(Page.RUNS)
        return page.view
