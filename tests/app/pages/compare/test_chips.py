"""The chips of the compared runs."""

import pytest
from PySide6.QtCore import QRect
from pytestqt.qtbot import QtBot

from app.pages.compare.chips import ChipBar, ChipText, chip_boxes


@pytest.mark.parametrize("count", [1, 3, 9, 30, 60])
@pytest.mark.parametrize("width", [600, 900, 1600])
def test_chips_stand_in_lines_without_overlap_and_inside_the_width(count: int, width: int) -> None:
    boxes = chip_boxes([300] * count, width, 26, max_width=330, min_width=150)
    assert all(box.right() < width for box in boxes)
    assert not any(one.intersects(other) for i, one in enumerate(boxes) for other in boxes[:i])
    assert all(box.width() >= 150 for box in boxes)


def test_few_chips_are_as_wide_as_their_words() -> None:
    assert chip_boxes([120, 200], 900, 26, max_width=330, min_width=150) == [
        QRect(0, 0, 120, 26),
        QRect(128, 0, 200, 26),
    ]


def test_a_chip_keeps_both_ends_of_what_it_says_and_all_of_it_in_the_tooltip(qtbot: QtBot) -> None:
    bar = ChipBar()
    qtbot.addWidget(bar)
    bar.resize(900, 100)
    bar.show()
    texts = [f"run {number} · a long name of an experiment · PCGrad · seed {number}" for number in range(30)]
    bar.show_chips(ChipText(number, text, f"{text}, whole", number) for number, text in enumerate(texts))
    qtbot.waitUntil(lambda: len(bar.chips) == 30)
    chip = bar.chips[17]
    qtbot.waitUntil(lambda: "…" in chip.label.text())
    assert chip.label.text().startswith("run 17")
    assert chip.label.text().endswith("d 17")
    assert chip.toolTip() == chip.label.toolTip() == f"{texts[17]}, whole"
    assert len({chip.label.text() for chip in bar.chips}) == 30


def test_a_chip_that_says_the_same_stays_and_keeps_the_focus_of_its_button(qtbot: QtBot) -> None:
    bar = ChipBar()
    qtbot.addWidget(bar)
    one, two = ChipText(1, "run 1", "run 1", 0), ChipText(2, "run 2", "run 2", 1)
    bar.show_chips([one, two])
    kept = bar.chips[1]
    bar.show_chips([two])
    assert bar.chips == [kept]
