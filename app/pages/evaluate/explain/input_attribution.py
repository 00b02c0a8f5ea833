"""One input of a row with what each of its parts contributed: bars of columns, colored words, a picture."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.formatting import format_metric
from app.pages.evaluate.explain.word_heat import WordHeat
from app.plots import PictureHeat, SignedBar, SignedBars
from app.theme import GAP
from app.widgets import Muted
from app.widgets.pixel_image import pixel_image
from mtl_core.protocol.explanation import InputAttribution

_MOST_BARS = 20


class InputAttributionView(QWidget):
    """Shows one input.

    Args:
        entry: The input with its attributions.
        named: Whether its name is shown.
    """

    def __init__(self, entry: InputAttribution, *, named: bool) -> None:
        super().__init__()
        self.setObjectName(f"explain-input-{entry.name}")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        name = (
            f"{entry.name}: {format_metric(entry.total)} in all, "
            if named
            else f"{format_metric(entry.total)} in all, "
        )
        self.title = Muted(f"{name}compared with {entry.baseline}", wrap=True)
        column.addWidget(self.title)
        self.content: SignedBars | WordHeat | PictureHeat | Muted
        if not entry.is_present:
            self.title.setText(f"The row lacks the input {entry.name}.")
            self.content = Muted()
            self.content.hide()
        elif entry.heat and entry.image:
            self.content = PictureHeat()
            self.content.set_picture(pixel_image(entry.image, color=entry.color), entry.heat)
            self.content.setAccessibleName(f"What parts of {entry.name} contributed")
        elif entry.kind == "text":
            self.content = WordHeat()
            self.content.set_words(entry.names, entry.values)
            self.content.setAccessibleName(f"What words of {entry.name} contributed")
        else:
            self.content = SignedBars()
            self.content.set_bars(_bars(entry))
            self.content.setAccessibleName(f"What columns of {entry.name} contributed")
        column.addWidget(self.content)


def _bars(entry: InputAttribution) -> list[SignedBar]:
    """The columns, greatest attribution first."""
    cells = entry.cells or ("",) * len(entry.names)
    order = sorted(range(len(entry.names)), key=lambda index: -abs(entry.values[index]))[:_MOST_BARS]
    return [
        SignedBar(
            f"{entry.names[index]} = {cells[index] or 'missing'}",
            entry.values[index],
            format_metric(entry.values[index]),
        )
        for index in order
    ]
