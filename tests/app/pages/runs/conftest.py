"""Fixtures of the Runs page: a store with five runs, and the page over it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.jobs import Worker
from app.pages.runs import RunsPage
from app.session import Session
from app.settings import Settings
from mtl_core.protocol.events import WeightsData, WeightsEvent
from mtl_core.spec import ExperimentSpec, load_preset, spec_from_data, spec_to_data
from mtl_core.store import Points, Progress, RunStore, SeriesKey, open_store

Wait = Callable[[Callable[[], object]], None]


def experiment(name: str, method: str = "equal", seed: int = 0) -> ExperimentSpec:
    data = spec_to_data(load_preset("multidigits"))
    training = {**data["training"], "seed": seed}
    return spec_from_data({**data, "name": name, "weighting": {"kind": method}, "training": training})


def finished_run(store: RunStore, spec: ExperimentSpec, accuracy: float, state: str = "finished") -> int:
    run = store.create_run(spec, device="CPU")
    store.claim(run, pid=1, host="elsewhere", device="CPU", versions={"torch": "2.13"})
    store.record_heartbeat(run, Progress(epoch=2, epochs=20, step=20, steps=200))
    key = SeriesKey("left", "val", "accuracy")
    store.append(run, {key: Points.of([10, 20], [accuracy - 0.1, accuracy])}, directions={key: "max"})
    data = WeightsData(weights={"left": 2.0, "right": 1.0}, step=12)
    store.add_event(run, WeightsEvent(step=12, message="weight left 1.00 → 2.00", data=data))
    store.finish(run, state)  # type: ignore[arg-type]
    return run


@pytest.fixture
def records(home: Path) -> Iterator[RunStore]:
    """Runs 1 to 5; the second is interrupted."""
    home.mkdir(parents=True, exist_ok=True)
    with open_store() as store:
        for i, method in enumerate(("equal", "uncertainty", "pcgrad", "dwa", "equal")):
            state = "interrupted" if i == 1 else "finished"
            finished_run(store, experiment(f"study {i + 1}", method, i), 0.9 - i / 100, state)
        yield store


@pytest.fixture
def session(records: RunStore, qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    session = Session(worker=Worker(), settings=Settings(tmp_path))
    yield session
    session.close()


@pytest.fixture
def page(session: Session, qtbot: QtBot, wait: Wait) -> RunsPage:
    """The page with all five runs shown."""
    page = RunsPage(session)
    qtbot.addWidget(page)
    page.resize(1180, 720)
    page.show()
    wait(lambda: page.model.rowCount() == 5)
    return page
