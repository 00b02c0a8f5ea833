"""The last validation on the Live page, of real runs: samples, confusion, curves, residuals."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from app.evaluation.sample_pictures import BOX_COLORS, map_image
from app.pages.live import LivePage
from app.session import Session
from mtl_core.analysis.diagnostics.validation_snapshot import FILE_NAME
from mtl_core.evaluation.task_predictions import predict_tasks
from mtl_core.protocol.questions import RowValuesQuestion, TrainQuestion
from mtl_core.runner.saved_models import saved_run
from mtl_core.spec import ExperimentSpec, load_preset, spec_from_data
from mtl_core.store import RunStore, open_store
from tests.e2e.person import PATIENCE_MS

Wait = Callable[[Callable[[], object]], None]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with open_store(tmp_path / "runs.sqlite") as opened:
        yield opened


@pytest.fixture
def wait(qtbot: QtBot) -> Wait:
    return lambda condition: qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> Iterator[LivePage]:
    made = LivePage(session)
    qtbot.addWidget(made)
    made.resize(1188, 726)
    made.show()
    yield made
    made.hide()


def experiment(data: str, tasks: list[dict[str, Any]], model: dict[str, Any]) -> ExperimentSpec:
    return spec_from_data(
        {
            "version": 1,
            "name": data,
            "dataset": {"kind": "bundled", "name": data},
            "tasks": tasks,
            "model": model,
            "training": {"epochs": 1, "device": "cpu"},
        }
    )


def trained(session: Session, store: RunStore, spec: ExperimentSpec, wait: Wait) -> int:
    run = store.create_run(spec)
    session.worker.ask(TrainQuestion(run=run, store=store.url))
    wait(lambda: store.run(run).state == "finished")
    return run


def test_classes_and_values_are_those_of_the_evaluation(
    session: Session, store: RunStore, page: LivePage, wait: Wait
) -> None:
    spec = experiment(
        "iris",
        [
            {"name": "species", "kind": "multiclass", "target": "species"},
            {"name": "width", "kind": "regression", "target": "petal width"},
        ],
        {"shared": [{"kind": "linear", "out_features": 8}]},
    )
    view = page.validation
    run = store.create_run(spec)
    page.show_run(run)
    page.view.setCurrentIndex(1)
    assert not page.legend.isVisible()
    assert not page.options.buttons()[0].isVisible()
    wait(view.empty.isVisible)
    assert view.empty.title.text() == "No validation yet"

    session.worker.ask(TrainQuestion(run=run, store=store.url))
    wait(view.samples.isVisible)
    species, width = predict_tasks(saved_run(store, run), "val")
    shown = view.confusion._task
    assert shown is not None
    assert sum(map(sum, shown.confusion)) == len(species)
    assert shown.errors == species.errors.sum()
    assert view.classes.roc_card.subtitle.full_text().startswith("AUC ")
    assert "interval" not in view.classes.roc_card.subtitle.full_text()
    assert f"After epoch 1, step {store.run(run).progress.step} · all {len(species)} validation rows" in (
        view.words.text()
    )
    assert not view.values.isVisible()
    wait(lambda: view.samples.table.model().columnCount() > 3)  # with the cells of the rows
    assert view.samples.table.model().rowCount() == 12

    view.tabs.setCurrentIndex(1)
    wait(view.values.isVisible)
    value = view.values._task
    assert value is not None
    assert value.values[0].mae == pytest.approx(np.abs(width.predictions - width.targets).mean())
    assert not view.confusion.isVisible()

    page.view.setCurrentIndex(0)
    assert page.board.isVisible()
    assert page.legend.isVisible()


def test_boxes_and_maps_are_drawn_on_the_pictures(
    qtbot: QtBot, session: Session, store: RunStore, page: LivePage, wait: Wait
) -> None:
    spec = experiment(
        "shapes",
        [
            {"name": "box", "kind": "box", "target": ["x", "y", "width", "height"]},
            {"name": "mask", "kind": "segmentation", "target": "mask"},
        ],
        {
            "shared": [{"kind": "conv2d", "out_channels": 4, "kernel_size": 3}, {"kind": "relu"}],
            "heads": {"box": [{"kind": "flatten"}], "mask": []},
        },
    )
    run = trained(session, store, spec, wait)
    page.show_run(run)
    page.view.setCurrentIndex(1)
    pictures = page.validation.samples.pictures
    wait(pictures.isVisible)
    assert page.validation.values.isVisible()
    snapshot = page.validation.snapshot
    assert snapshot is not None
    drawn = pictures.grab().toImage()
    left, top, width, height = snapshot.tasks["box"].targets[snapshot.samples[0]].tolist()
    if spec.tasks[0].format == "cxcywh":
        left, top = left - width / 2, top - height / 2
    area = pictures.picture_rect(0)
    x, y = area.left() + (left + width / 2) * area.width(), area.top() + top * area.height()
    assert BOX_COLORS[0] in _inks(drawn, round(x), round(y))

    page.validation.tabs.setCurrentIndex(1)
    wait(lambda: "left the true classes" in page.validation.samples.words.text())
    assert not page.validation.values.isVisible()
    assert "samples are shown" in page.validation.words.text()
    maps = snapshot.maps["mask"]
    assert map_image(maps.targets[0]).size().toTuple() == maps.targets.shape[:0:-1]
    drawn = pictures.grab().toImage()
    true, predicted = pictures.picture_rect(0, 0), pictures.picture_rect(0, 1)
    assert not true.intersects(predicted)
    if (maps.targets[0] != maps.predictions[0]).any():
        assert drawn.copy(true) != drawn.copy(predicted)


def _inks(image: QImage, x: int, y: int) -> set[str]:
    """The colors of boxes near a point."""
    near = {image.pixelColor(x + dx, y + dy).name() for dx in range(-4, 5) for dy in range(-4, 5)}
    return {color for color in BOX_COLORS if QColor(color).name() in near}


def test_tags_are_drawn_below_the_tokens(session: Session, store: RunStore, page: LivePage, wait: Wait) -> None:
    sentences = load_preset("sentences")
    one_epoch = sentences.training.model_copy(update={"epochs": 1, "device": "cpu"})
    run = trained(session, store, sentences.model_copy(update={"training": one_epoch}), wait)
    page.show_run(run)
    page.view.setCurrentIndex(1)
    texts = page.validation.samples.texts
    wait(texts.isVisible)
    snapshot = page.validation.snapshot
    assert snapshot is not None
    maps = snapshot.maps["tags"]
    for (_, tokens), true, predicted in zip(texts._texts, maps.targets, maps.predictions, strict=True):
        known = true >= 0
        assert len(tokens) == known.sum()
        assert [token.is_wrong for token in tokens] == (true != predicted)[known].tolist()
        assert all(token.tag.startswith(maps.names[tag]) for token, tag in zip(tokens, predicted, strict=False))
    assert texts.height() > 100


def test_what_is_missing_or_cannot_be_read_is_said(
    session: Session, store: RunStore, page: LivePage, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = experiment(
        "iris",
        [{"name": "species", "kind": "multiclass", "target": "species"}],
        {"shared": [{"kind": "linear", "out_features": 8}]},
    )
    run = trained(session, store, spec, wait)
    path = store.artifacts_dir(run) / FILE_NAME
    content = path.read_bytes()
    path.unlink()  # as of a run of an earlier version
    view = page.validation
    page.show_run(run)
    page.view.setCurrentIndex(1)
    wait(view.empty.isVisible)
    assert view.empty.title.text() == f"Run {run} has no predictions of a validation"

    def fail(question: RowValuesQuestion, done: object, failed: Callable[[Exception], None], key: str) -> None:
        failed(ValueError("the file is gone"))

    path.write_bytes(content[:100])
    page.view.setCurrentIndex(0)
    page.view.setCurrentIndex(1)
    wait(lambda: view.empty.title.text() == "The last validation cannot be read")
    assert "damaged" in view.empty.text.text()

    monkeypatch.setattr(session.worker, "ask", fail)
    path.write_bytes(content)
    page.view.setCurrentIndex(0)
    page.view.setCurrentIndex(1)
    wait(view.samples.error.isVisible)
    wait(view.confusion.isVisible)
    assert view.samples.error.label.text() == "The rows cannot be shown: the file is gone"
    assert view.samples.table.model().columnCount() == 3

    other = store.create_run(spec)
    page.show_run(other)
    assert not view.confusion.isVisible()
    wait(view.empty.isVisible)
    assert view.empty.title.text() == "No validation yet"
