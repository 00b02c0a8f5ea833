"""The tools of the plots of a page."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.plots import PlotTools
from app.settings import Settings


@pytest.fixture
def plot_tools(qtbot: QtBot, tmp_path: Path) -> PlotTools:
    page = QWidget()
    qtbot.addWidget(page)
    return PlotTools("live", Settings(tmp_path), page)
