"""Printing a page to a PDF by a process of its own."""

from pathlib import Path

import pytest

from app import report_printing
from app.report_printing import print_pdf
from mtl_core.errors import EnvironmentFault

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><circle cx="5" cy="5" r="4"/></svg>'


def test_a_page_becomes_a_pdf(tmp_path: Path) -> None:
    print_pdf('<h1>가격 Δm</h1><img src="a.svg">', {"a.svg": SVG}, tmp_path / "a.pdf")
    data = (tmp_path / "a.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert b"/Image" in data


def test_a_printer_that_fails_is_an_error_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_printing.sys, "executable", "/bin/false")
    with pytest.raises(EnvironmentFault, match="cannot be printed"):
        print_pdf("", {}, tmp_path / "a.pdf")
    assert list(tmp_path.iterdir()) == []
