"""Reports as files: HTML by the engine, PDF by whoever registered a printer, as the engine has no fonts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.files import write_text
from mtl_core.report.html import printable_html, report_html
from mtl_core.report.report import Report

PdfPrinter = Callable[[str, Mapping[str, str], Path], None]
"""Prints a page of HTML, with its figures as SVG by name, to a file."""

SUFFIXES = (".html", ".htm", ".pdf")


class _Printers:
    """The printer of this process."""

    pdf: PdfPrinter | None = None


def register_pdf_printer(printer: PdfPrinter) -> None:
    """Have PDF files printed by a function; the window's program does so at its start."""
    _Printers.pdf = printer


def check_report_path(path: Path) -> None:
    """Check that a report can be written under this name.

    Raises:
        InputError: The suffix is of neither format.
        EnvironmentFault: It is a PDF, and nothing here prints one.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(str(path), "must end in .html or .pdf", found=path.suffix or "no suffix")
    if path.suffix.lower() == ".pdf" and _Printers.pdf is None:
        fix = "Run mtl-workbench report, which prints by Qt, or write .html."
        raise EnvironmentFault(str(path), "a PDF cannot be printed by python -m mtl_core", fix=fix)


def write_report(report: Report, path: Path) -> None:
    """Write a report as a page of HTML or as PDF, by the suffix of the file.

    Raises:
        InputError: The suffix is of neither format, or the path is not that of a plain file.
        EnvironmentFault: The file cannot be written, or nothing here prints a PDF.
    """
    check_report_path(path)
    if path.suffix.lower() == ".pdf" and _Printers.pdf is not None:
        _Printers.pdf(*printable_html(report), path)
    else:
        write_text(path, report_html(report))
