"""Loss weights moved while a run trains."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.navigation import Page
from app.plots import CurvePlot
from app.widgets import WeightSlider
from mtl_core.spec import save_spec
from mtl_core.store import RunStore, SeriesKey
from tests.e2e.conftest import OpenWindow
from tests.e2e.experiments import houses
from tests.e2e.person import Person


@pytest.mark.slow
def test_moved_weights_show_from_the_step_they_took_effect_and_are_replayed(
    open_window: OpenWindow, store: RunStore, tmp_path: Path
) -> None:
    save_spec(houses(epochs=100_000), tmp_path / "experiment.yaml")
    person = open_window()
    person.click("run")
    first = move_a_weight(person, store)
    steps = moves(store, first)
    assert len(steps) == 2
    for series in (read_weights(store, first), drawn_weights(person)):
        before, during, after = split_at(series, steps)
        assert set(before) == {1.0}
        assert set(during) == {3.0}
        assert set(after) == {1.0}
    second = run_again(person, store, first, until=steps[1])
    assert moves(store, second) == steps
    before, during, after = split_at(read_weights(store, second), steps)
    assert (set(before), set(during), set(after)) == ({1.0}, {3.0}, {1.0})
    assert first_losses(store, first, steps[1]) == first_losses(store, second, steps[1])


def move_a_weight(person: Person, store: RunStore) -> int:
    """Price counts three times for a while, then the weights are given back; then the run is stopped."""
    slider = person.find("weight-price", WeightSlider)
    person.wait(slider.slider.isEnabled, "the sliders to be enabled")
    run = store.runs()[0].id
    person.wait(lambda: len(read_weights(store, run)[0]) > 50, "some steps")
    person.type_over("weight-spin-price", "3")
    person.wait(lambda: len(moves(store, run)) == 1, "the move to be heard")
    person.reads("live-log", "weights moved to price 3")
    person.wait(lambda: read_weights(store, run)[1][-1] == 3.0, "the weight to be in use")
    person.click("live-give-back")
    person.wait(lambda: len(moves(store, run)) == 2, "the weights to be given back")
    person.wait(lambda: read_weights(store, run)[1][-1] == 1.0, "the method's weight to be in use")
    person.press(Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    person.wait(lambda: store.run(run).state == "stopped", "the run to stop")
    person.wait(lambda: len(drawn_weights(person)[0]) == len(read_weights(store, run)[0]), "the last points drawn")
    return run


def run_again(person: Person, store: RunStore, run: int, *, until: int) -> int:
    """From the Runs page, with a key; stopped when it is past the second move."""
    person.page(Page.RUNS)
    person.choose_runs(run)
    person.press(Qt.Key.Key_R)
    person.wait(lambda: len(store.runs()) == 2, "a second run")
    again = max(record.id for record in store.runs())
    assert store.run(again).parent == run
    person.wait(lambda: read_weights(store, again)[0].max(initial=0) > until, "the second run to come as far")
    person.click("stop")
    person.wait(lambda: store.run(again).state == "stopped", "the second run to stop")
    return again


Series = tuple[np.ndarray, np.ndarray]


def read_weights(store: RunStore, run: int) -> Series:
    """Steps and weights of price, as stored."""
    points = store.read(run)[0].get(SeriesKey("price", "train", "weight"))
    return (points.steps, points.values) if points is not None else (np.empty(0), np.empty(0))


def drawn_weights(person: Person) -> Series:
    """Steps and weights of price, as the card of weight trajectories has them."""
    picture = person.find("live-plot-weights", CurvePlot).picture
    line = picture.lines.get(SeriesKey("price", "train", "weight")) if picture else None
    return (line.full_x, line.full_y) if line is not None else (np.empty(0), np.empty(0))


def split_at(series: Series, steps: list[int]) -> tuple[np.ndarray, ...]:
    """The values before, between and after two steps."""
    places, values = series
    first, second = steps
    return values[places < first], values[(places >= first) & (places < second)], values[places >= second]


def moves(store: RunStore, run: int) -> list[int]:
    """The steps from which moved weights hold."""
    return [event.data["step"] for event in store.events(run) if event.kind == "weights"]


def first_losses(store: RunStore, run: int, count: int) -> list[bytes]:
    """The bits of the first losses of both tasks."""
    points = store.read(run)[0]
    return [points[SeriesKey(task, "train", "loss")].values[:count].tobytes() for task in ("price", "sold")]
