"""The card of sample predictions: rows as pictures, tagged texts or cells, with their targets and predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from app.evaluation.class_legend import ClassLegend
from app.evaluation.sample_drawings import SampleDrawing
from app.evaluation.sample_pictures import SamplePictures
from app.evaluation.tagged_texts import TaggedTexts, tagged_tokens
from app.tables.text_table import Cell, TextTable
from app.widgets import Card, InlineError, Muted, choice_box
from app.widgets.pixel_image import pixel_image

if TYPE_CHECKING:
    from mtl_core.analysis.diagnostics.validation_snapshot import ValidationSnapshot
    from mtl_core.protocol.diagnostics import RowValues
    from mtl_core.protocol.samples import InputSamples
    from mtl_core.spec import Task


class SamplesCard(Card):
    """Shows what a run predicts for a few rows, drawn on them; the input to draw on is chosen in the header.

    Args:
        name: Begins the names of the widgets.
    """

    def __init__(self, name: str) -> None:
        super().__init__("Sample predictions")
        self.setObjectName(f"{name}-card-samples")
        self._shown: tuple[ValidationSnapshot, Task] | None = None
        self._drawings: tuple[SampleDrawing, ...] = ()
        self._values: RowValues | None = None
        self._images: dict[str, list[QImage | None]] = {}
        self.choice = choice_box(f"{name}-samples-input", "Input to draw on")
        self.header.addWidget(self.choice)
        self.words = Muted(wrap=True)
        self.words.setObjectName(f"{name}-samples-words")
        self.error = InlineError()
        self.legend = ClassLegend(f"{name}-sample-classes")
        self.pictures = SamplePictures(f"{name}-sample-pictures")
        self.texts = TaggedTexts(f"{name}-sample-texts")
        self.table = TextTable(f"{name}-sample-table", "Samples with their predictions")
        for widget in (self.words, self.error, self.legend, self.pictures, self.texts, self.table):
            self.body.addWidget(widget)
        self.choice.activated.connect(lambda _index: self._draw())
        self.clear()

    def clear(self) -> None:
        """Forget the rows of another run."""
        self._shown, self._values, self._images = None, None, {}
        self._drawings = ()
        self.error.set_error("")
        self.choice.clear()
        self._draw()

    def show_predictions(self, snapshot: ValidationSnapshot, task: Task, drawings: tuple[SampleDrawing, ...]) -> None:
        """Show the predictions of a task; without the values of the rows only their numbers and texts.

        Args:
            snapshot: The predictions.
            task: The task.
            drawings: What the task says of each sample, from :func:`sample_drawings`.
        """
        self._shown, self._drawings = (snapshot, task), drawings
        self._draw()

    def show_values(self, values: RowValues) -> None:
        """Show the values of the rows of the samples."""
        self._values = values
        self._images = {
            name: [None if rows is None else pixel_image(rows, color=samples.color) for rows in samples.images]
            for name, samples in values.inputs.items()
            if samples.images
        }
        self.error.set_error("")
        chosen = self.choice.currentText()
        self.choice.clear()
        self.choice.addItems(list(self._images))
        self.choice.setCurrentIndex(max(self.choice.findText(chosen), 0))
        self._draw()

    def show_error(self, error: Exception) -> None:
        """Say why the values of the rows cannot be read; their predictions stay."""
        self.error.set_error(f"The rows cannot be shown: {error}")

    def _draw(self) -> None:
        drawings, values = self._drawings, self._values
        if self._shown is not None and values is not None and values.rows != self._shown[0].sample_rows:
            values = None  # of other rows; those of these are on their way
        has_tags = any(d.maps is not None and d.maps[0].ndim == 1 for d in drawings)
        image = self.choice.currentText() if values is not None and not has_tags else ""
        self.choice.setVisible(bool(image) and self.choice.count() > 1)
        self.pictures.setVisible(bool(image))
        maps = None if self._shown is None else self._shown[0].maps.get(self._shown[1].name)
        self.legend.setVisible(bool(image) and maps is not None)
        self.legend.show_names(() if maps is None else maps.names)
        self.texts.setVisible(has_tags and values is not None)
        self.table.setVisible(not image and not has_tags and bool(drawings))
        self.words.setText(self._describe(drawings, has_picture=bool(image), has_values=values is not None))
        self.words.setVisible(bool(self.words.text()))
        self.set_subtitle("" if not drawings else f"{len(drawings)} rows, the same after each validation")
        if image:
            self.pictures.show_samples(self._images[image], drawings)
        elif has_tags and values is not None:
            self._draw_tags(drawings, values)
        elif not has_tags:
            self._draw_table(drawings, values)

    def _describe(self, drawings: tuple[SampleDrawing, ...], *, has_picture: bool, has_values: bool) -> str:
        if self._shown is None:
            return ""
        if not has_values:
            return "" if self.error.isVisibleTo(self) else "The rows are being read…"
        if any(drawing.boxes for drawing in drawings) and has_picture:
            return "The true box is drawn solid, the predicted one dashed."
        maps = self._shown[0].maps.get(self._shown[1].name)
        if maps is None:
            return ""
        if maps.targets.ndim == 2:
            return "Below each token the predicted tag; where it is wrong, the true one too."
        return "At the left the true classes, at the right the predicted ones."

    def _draw_tags(self, drawings: tuple[SampleDrawing, ...], values: RowValues) -> None:
        assert self._shown is not None
        snapshot, task = self._shown
        texts = next((samples.texts for samples in values.inputs.values() if samples.kind == "text"), ())
        names = snapshot.maps[task.name].names
        tokens = [tagged_tokens(text, drawing, names) for text, drawing in zip(texts, drawings, strict=False)]
        self.texts.show_texts([drawing.row for drawing in drawings[: len(tokens)]], tokens)

    def _draw_table(self, drawings: tuple[SampleDrawing, ...], values: RowValues | None) -> None:
        headers = ["row", "true", "predicted"]
        extra: list[list[Cell]] = [[] for _ in drawings]
        if values is not None:
            headers += [*values.inputs, *values.columns]
            extra = [
                [*(_text(samples, position) for samples in values.inputs.values()), *values.cells[position]]
                for position in range(len(drawings))
            ]
        rows: list[list[Cell]] = []
        for drawing, cells in zip(drawings, extra, strict=True):
            sign = {True: "✗ ", False: "✓ ", None: ""}[drawing.is_wrong]
            rows.append([str(drawing.row), drawing.true, sign + drawing.predicted, *cells])
        self.table.show_rows(headers, rows)


def _text(samples: InputSamples, position: int) -> str | None:
    return samples.texts[position] if samples.texts else None
