"""Palettes, fonts and icons."""

import pytest
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.theme import (
    DARK,
    LIGHT,
    ThemeMode,
    Tokens,
    apply_theme,
    control_height,
    icon,
    manager,
    resolve,
    scaled_font,
    series_color,
    theme,
)


def _luminance(color: str) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue, _ = QColor(color).getRgbF()
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def _contrast(one: str, other: str) -> float:
    """After WCAG 2.1."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["window", "surface", "sunken"])
@pytest.mark.parametrize("ink", ["text", "muted", "accent", "error", "good", "warning"])
def test_text_stands_out_from_its_ground(tokens: Tokens, ground: str, ink: str) -> None:
    assert _contrast(getattr(tokens, ink), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *(("on_accent", ground) for ground in ("accent", "accent_hover")),
        *(("error", ground) for ground in ("error_wash", "hover")),
        *((ink, ground) for ink in ("text", "muted", "accent") for ground in ("accent_wash", "hover")),
        ("text", "error_wash"),
        ("text", "agree"),
        ("text", "disagree"),
    ],
)
def test_words_on_colored_grounds_can_be_read(tokens: Tokens, ink: str, ground: str) -> None:
    assert _contrast(getattr(tokens, ink), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_curves_stand_out_from_a_card(tokens: Tokens) -> None:
    assert min(_contrast(color, tokens.surface) for color in tokens.series) >= 2.85
    assert len(set(tokens.series)) == 8


def test_a_change_of_mode_dresses_the_application_and_is_announced(qapp: QApplication, qtbot: QtBot) -> None:
    apply_theme(qapp, "light")
    with qtbot.waitSignal(manager().changed):
        apply_theme(qapp, ThemeMode.DARK)
    assert theme() is DARK
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.window)
    assert qapp.palette().color(QPalette.ColorRole.Mid) == QColor(DARK.border)
    assert "@" not in qapp.styleSheet()
    apply_theme(qapp, "light")
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(LIGHT.window)


def test_the_same_index_is_the_same_hue_in_both_schemes(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")
    assert series_color(0) == "#56B4E9"
    assert series_color(8) == series_color(0)
    assert resolve("accent") == DARK.accent
    apply_theme(qapp, "light")
    assert resolve(0) == "#0072B2"


def test_an_icon_follows_the_theme_without_being_made_again(qapp: QApplication) -> None:
    drawn = icon("ph.database")
    shades = []
    for mode in ("light", "dark"):
        apply_theme(qapp, mode)
        image = drawn.pixmap(32, 32).toImage()
        pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        shades.append(max((one for one in pixels if one.alpha() > 200), key=lambda c: c.alpha()).lightness())
    apply_theme(qapp, "light")
    assert shades[0] < 100 < shades[1]


def test_an_unknown_icon_is_an_error(qapp: QApplication) -> None:
    with pytest.raises(KeyError):
        icon("no-such-thing")


def test_an_icon_of_every_state_can_be_drawn(qapp: QApplication) -> None:
    drawn = icon("play", "accent")
    for mode in QIcon.Mode:
        for state in QIcon.State:
            assert not drawn.pixmap(16, 16, mode, state).isNull()


def test_sizes_follow_the_font_and_no_text_is_too_small(qapp: QApplication) -> None:
    apply_theme(qapp, "light")
    before, font = control_height(), qapp.font()
    larger = qapp.font()
    larger.setPointSizeF(font.pointSizeF() * 2)
    qapp.setFont(larger)
    assert control_height() > before
    assert scaled_font(0.1).pointSizeF() == pytest.approx(0.85 * larger.pointSizeF())
    qapp.setFont(font)
