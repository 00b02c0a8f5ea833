"""The button that copies and saves the tables of the comparison, and saves a report on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton

from app.report_printing import print_pdf
from app.widgets import ToolButton
from mtl_core.files import write_text
from mtl_core.report.text_formats import SUFFIXES, TITLES, TextFormat

if TYPE_CHECKING:
    from app.pages.compare.comparison_reader import ComparisonReader
    from app.session import Session
    from mtl_core.analysis.comparison import Comparison
    from mtl_core.store import RunStore

T = TypeVar("T")
_FILTERS = {"HTML (*.html)": ".html", "PDF (*.pdf)": ".pdf"}


class ExportMenu(ToolButton):
    """A button with a menu; everything is written on the store's thread, and a report is printed beside it."""

    def __init__(self, session: Session, reader: ComparisonReader) -> None:
        super().__init__("export", "Copy or save the tables, or a report", text="Export", name="compare-export")
        self._session, self._reader = session, reader
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        for to, title in TITLES.items():
            menu.addAction(f"Copy tables as {title}", partial(self.copy_tables, to))
        menu.addSeparator()
        for to, title in TITLES.items():
            menu.addAction(f"Save tables as {title}…", partial(self.ask_table_path, to))
        menu.addSeparator()
        menu.addAction("Save report…", self.ask_report_path)
        self.setMenu(menu)
        reader.changed.connect(self._update)
        self._update()

    def copy_tables(self, to: TextFormat) -> None:
        """Put the tables on the clipboard."""

        def on_text(text: str) -> None:
            QGuiApplication.clipboard().setText(text)
            self._session.show_message(f"Copied the tables as {TITLES[to]}")

        self._call(lambda comparison, _store: _tables_text(comparison, to), on_text)

    def save_tables(self, to: TextFormat, path: Path) -> None:
        """Write the tables to a file."""

        def write(comparison: Comparison, _store: RunStore) -> None:
            write_text(path, _tables_text(comparison, to))

        self._call(write, lambda _none: self._session.show_message(f"Wrote {path.name}"))

    def save_report(self, path: Path) -> None:
        """Write a report on the compared runs, as PDF or HTML by the suffix of the file."""
        runs, against = self._reader.runs, self._reader.against

        def write(_comparison: Comparison, store: RunStore) -> None:
            from mtl_core.report.report import read_report
            from mtl_core.report.writing import register_pdf_printer, write_report

            register_pdf_printer(print_pdf)
            write_report(read_report(store, runs, against), path)

        self._session.show_message(f"Writing {path.name} …")
        self._call(write, lambda _none: self._session.show_message(f"Wrote {path.name}"))

    def _call(self, function: Callable[[Comparison, RunStore], T], done: Callable[[T], object]) -> None:
        comparison = self._reader.comparison
        if comparison is not None:
            self._session.store.call(
                lambda store: function(comparison, store), done, self._session.show_error, lane="report"
            )

    def ask_table_path(self, to: TextFormat) -> None:
        """Ask where to save the tables."""
        suffix = SUFFIXES[to]
        name, kinds = f"comparison{suffix}", f"{TITLES[to]} (*{suffix})"
        # The dialog asks before a file is overwritten.
        if chosen := QFileDialog.getSaveFileName(self, "Save tables", name, kinds)[0]:
            self.save_tables(to, _with_suffix(chosen, suffix))

    def ask_report_path(self) -> None:
        """Ask where to save a report, as HTML or PDF."""
        chosen, kind = QFileDialog.getSaveFileName(self, "Save report", "report.html", ";;".join(_FILTERS))
        if chosen:
            self.save_report(_with_suffix(chosen, _FILTERS.get(kind, ".html"), tuple(_FILTERS.values())))

    def _update(self) -> None:
        self.setEnabled(self._reader.comparison is not None)


def _tables_text(comparison: Comparison, to: TextFormat) -> str:
    from mtl_core.report.tables import comparison_tables, sentences
    from mtl_core.report.text_formats import format_tables

    return format_tables(comparison_tables(comparison), sentences(comparison), to)


def _with_suffix(chosen: str, suffix: str, known: tuple[str, ...] = ()) -> Path:
    path = Path(chosen)
    return path if path.suffix.lower() in (suffix, *known) else path.with_name(path.name + suffix)
