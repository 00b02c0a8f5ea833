"""What is drawn on samples: boxes of every format, right and wrong classes, tags; which lines stand below them."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.evaluation.class_legend import ClassLegend
from app.evaluation.sample_drawings import SampleDrawing, overlap, sample_drawings
from app.evaluation.sample_pictures import SamplePictures, map_image, sample_lines
from app.evaluation.tagged_texts import TaggedToken, tagged_tokens
from app.theme import resolve
from mtl_core.analysis.diagnostics.predictions import TaskPredictions
from mtl_core.analysis.diagnostics.validation_snapshot import SampleMaps, ValidationSnapshot, read_snapshot
from mtl_core.spec import BoxTask, MulticlassTask, TaggingTask
from tests.training.toy import experiment, run

BOX = (0.2, 0.1, 0.6, 0.5)


@pytest.mark.parametrize(
    ("box_format", "numbers"),
    [("xyxy", [0.2, 0.1, 0.6, 0.5]), ("xywh", [0.2, 0.1, 0.4, 0.4]), ("cxcywh", [0.4, 0.3, 0.4, 0.4])],
)
def test_boxes_of_every_format_are_drawn_by_their_corners(box_format: str, numbers: list[float]) -> None:
    task = BoxTask.model_validate({"name": "box", "target": tuple("abcd"), "format": box_format})
    values = np.array([numbers, [np.nan] * 4])
    rows = np.array([4, 7])
    predictions = TaskPredictions("box", "values", tuple("abcd"), rows, values, values[[0, 0]], np.zeros(2))
    snapshot = ValidationSnapshot(3, 1, 9, rows, np.array([0, 1]), {"box": predictions}, {}, {})
    first, second = sample_drawings(snapshot, task)
    assert (first.row, second.row) == (5, 8)
    assert first.boxes is not None
    for box in first.boxes:
        assert box == pytest.approx(BOX)
    assert second.boxes is not None
    assert second.boxes[0] is None
    assert sample_lines(first) == (("row 5 · IoU 1.00", "muted"),)
    assert sample_lines(second) == (("row 8 · not labeled", "muted"),)


def test_overlap_is_that_of_the_metric() -> None:
    assert overlap(BOX, BOX) == pytest.approx(1)
    assert overlap(BOX, (0.7, 0.7, 0.9, 0.9)) == 0
    assert overlap((0, 0, 0.5, 1), (0.25, 0, 0.75, 1)) == pytest.approx(1 / 3)
    assert overlap((0.5, 0.5, 0.5, 0.5), (0.5, 0.5, 0.5, 0.5)) == 0


def test_classes_are_marked_as_right_or_wrong(tmp_path: Path) -> None:
    spec = experiment()
    run(spec, tmp_path)
    snapshot = read_snapshot(tmp_path / "validation.safetensors")
    assert snapshot is not None
    kind = spec.tasks[2]
    assert isinstance(kind, MulticlassTask)
    predictions = snapshot.tasks["kind"]
    for drawing, place in zip(sample_drawings(snapshot, kind), snapshot.samples, strict=True):
        is_wrong = bool(predictions.predicted_classes[place] != predictions.targets[place])
        assert drawing.is_wrong == is_wrong
        assert sample_lines(drawing)[2][0].startswith("✗" if is_wrong else "✓")
        assert sample_lines(drawing)[1][0] == f"true {predictions.names[int(predictions.targets[place])]}"
    sold = sample_drawings(snapshot, spec.tasks[1])
    labeled = snapshot.tasks["sold"].labeled[snapshot.samples].tolist()
    assert [drawing.is_wrong is not None for drawing in sold] == labeled
    assert all(drawing.is_wrong is None for drawing in sample_drawings(snapshot, spec.tasks[0]))


def test_tags_stand_below_their_tokens_and_wrong_ones_say_the_true_one() -> None:
    true, predicted = np.array([0, 1, -1, -1], np.int16), np.array([0, 0, 1, 1], np.int16)
    maps = SampleMaps(("O", "PER"), true[None], predicted[None])
    empty = np.zeros(1, np.int64)
    snapshot = ValidationSnapshot(3, 1, 1, empty, empty, {}, {"tags": maps}, {})
    (drawing,) = sample_drawings(snapshot, TaggingTask(name="tags", target="tags"))
    assert drawing.is_wrong
    assert tagged_tokens("by Ada .", drawing, maps.names) == (
        TaggedToken("by", "O", is_wrong=False),
        TaggedToken("Ada", "O, not PER", is_wrong=True),
        TaggedToken(".", "", is_wrong=False),
    )
    assert tagged_tokens(None, drawing, maps.names) == ()
    unlabeled = SampleDrawing(1, "", "", maps=(np.full(4, -1, np.int16), predicted))
    assert [token.tag for token in tagged_tokens("by Ada", unlabeled, maps.names)] == ["O", "O"]


def test_maps_have_the_colors_of_their_classes_and_are_clear_elsewhere(qtbot: QtBot) -> None:
    classes = np.array([[0, 1, -1], [1, 1, 0]], np.int16)
    image = map_image(classes)
    assert image.size().toTuple() == (3, 2)
    assert image.pixelColor(1, 0).name() == resolve(1).lower()
    assert image.pixelColor(0, 0).name() == resolve(0).lower()
    assert image.pixelColor(2, 0).alpha() == 0
    legend = ClassLegend("classes")
    qtbot.addWidget(legend)
    legend.resize(60, 10)
    legend.show_names(["background", "a long name"])
    assert legend.height() > 2 * legend.fontMetrics().height() - 2
    assert legend.accessibleName() == "Classes: background, a long name"
    legend.grab()


def test_a_sample_without_a_picture_keeps_its_place(qtbot: QtBot) -> None:
    pictures = SamplePictures("pictures")
    qtbot.addWidget(pictures)
    pictures.resize(400, 100)
    image = QImage(20, 10, QImage.Format.Format_Grayscale8)
    image.fill(200)
    drawings = [SampleDrawing(row, "a", "b (0.5)", is_wrong=True) for row in (3, 4, 5)]
    pictures.show_samples([image, None, image], drawings)
    pictures.grab()
    assert pictures.accessibleDescription().startswith("row 3, true a, ✗ b (0.5); row 4")
    wide = pictures.picture_rect(0)
    assert wide.width() == 2 * wide.height()
    assert pictures.sample_at(wide.center().x(), wide.center().y()) == 0
    assert pictures.sample_at(5, pictures.height() - 3) == 2
    assert pictures.sample_at(pictures.width() - 1, pictures.height() - 1) is None
