"""Apply a color scheme to the application and signal its changes."""

from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from app.theme.fonts import application_font
from app.theme.polish import repolish
from app.theme.style import make_palette, make_style_sheet, set_icon_scheme
from app.theme.tokens import DARK, LIGHT, Tokens


class ThemeMode(StrEnum):
    """The selected color scheme, or that of the system."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class ThemeManager(QObject):
    """Holds the current color tokens; ``changed`` is emitted once palette and visible widgets are updated."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.mode = ThemeMode.SYSTEM
        self.tokens: Tokens = LIGHT
        self._app: QApplication | None = None

    def apply(self, app: QApplication, mode: ThemeMode) -> None:
        """Apply a color scheme to ``app``; ``system`` keeps following that of the desktop."""
        self.mode = mode
        if self._app is not app:
            app.setStyle("Fusion")
            app.setFont(application_font(app.font()))
            set_icon_scheme(_tokens_for(mode))
            app.setStyleSheet(make_style_sheet())
            app.styleHints().colorSchemeChanged.connect(self._system_changed)
            self._app = app
        self._apply_tokens(app, _tokens_for(mode))

    def _apply_tokens(self, app: QApplication, tokens: Tokens) -> None:
        self.tokens = tokens
        set_icon_scheme(tokens)
        app.setPalette(make_palette(tokens))
        repolish(app)
        self.changed.emit()

    def _system_changed(self) -> None:
        tokens = _tokens_for(self.mode)
        if self._app is not None and tokens is not self.tokens:
            self._apply_tokens(self._app, tokens)


def _tokens_for(mode: ThemeMode) -> Tokens:
    if mode is ThemeMode.SYSTEM:
        dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        return DARK if dark else LIGHT
    return DARK if mode is ThemeMode.DARK else LIGHT


_manager: list[ThemeManager] = []


def manager() -> ThemeManager:
    """The theme manager of this process."""
    if not _manager:
        _manager.append(ThemeManager())
    return _manager[0]


def apply_theme(app: QApplication, mode: ThemeMode | str = ThemeMode.SYSTEM) -> None:
    """Apply a color scheme to ``app``: ``system`` follows the desktop, ``light`` and ``dark`` override it."""
    manager().apply(app, ThemeMode(mode))


def theme() -> Tokens:
    """The current color tokens; read them when painting instead of storing them."""
    return manager().tokens


def series_color(index: int) -> str:
    """The color of the ``index``-th task or run, from a repeating cycle."""
    series = manager().tokens.series
    return series[index % len(series)]


def resolve(color: int | str) -> str:
    """The color of a series index, a token name or ``#RRGGBB``, in the current scheme."""
    if isinstance(color, int):
        return series_color(color)
    return color if color.startswith("#") else str(getattr(manager().tokens, color))
