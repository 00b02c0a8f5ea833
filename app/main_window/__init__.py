"""The main window, which holds the pages."""

from app.main_window.window import CANCEL, LET_IT_RUN, STOP_AND_KEEP, MainWindow

__all__ = ["CANCEL", "LET_IT_RUN", "STOP_AND_KEEP", "MainWindow"]
