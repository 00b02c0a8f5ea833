"""A report as HTML: what it contains, that it loads nothing, that it escapes what it shows; and for printing.

Covers: mtl_core/report/report.py, mtl_core/report/writing.py, mtl_core/report/figures.py.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.report.figures import Figure, FigureGroup, figure_svg
from mtl_core.report.html import printable_html, report_html
from mtl_core.report.report import Report, read_report
from mtl_core.report.writing import check_report_path, write_report
from mtl_core.store import open_store
from tests.app.synthetic import add_run, experiment

NAME = "<script>alert(1)</script> & \x1b[31m"


class Page(HTMLParser):
    """The elements of a page, and whether each is closed."""

    EMPTY = ("meta", "img", "line", "circle", "polyline", "polygon")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """A report on two methods with two seeds each."""
    with open_store(tmp_path_factory.mktemp("report") / "runs.sqlite") as store:
        for number, method in enumerate(("equal", "uncertainty") * 2):
            training = {"epochs": 2, "batch_size": 128, "seed": number // 2}
            spec = experiment(name=NAME, weighting={"kind": method}, training=training)
            add_run(store, spec, seed=number, epochs=2)
        yield read_report(store, [1, 2, 3, 4])


def test_a_page_has_all_parts_and_needs_nothing_else(report: Report) -> None:
    text = report_html(report)
    page = Page(text)
    assert page.open == []
    assert page.tags.count("svg") == len(report.figures) == 5  # a Pareto plot, loss and accuracy of two tasks
    assert page.tags.count("table") == len(report.tables) + 1 + 4  # the environment, and the events of each run
    assert "script" not in page.tags
    assert not [value for name, value in page.attributes if name in ("src", "href")]
    assert "http" not in re.sub(r'xmlns="[^"]*"|http-equiv', "", text)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; \\x1b[31m" in text
    assert "\x1b" not in text
    assert "Uncertainty against Equal: " in text


def test_a_page_to_print_names_each_of_its_figures(report: Report) -> None:
    html, pictures = printable_html(report)
    assert re.findall(r'<img src="([^"]*)"', html) == list(pictures)
    assert all(svg.startswith("<svg ") for svg in pictures.values())


def test_a_figure_has_a_band_for_seeds_and_none_without_points() -> None:
    x = np.arange(4.0)
    group = FigureGroup("equal", 0, ((x, x), (x, x + 1)))
    svg = figure_svg(Figure("a < b", "step", "loss", (group,)))
    assert (svg.count("<polygon"), svg.count("<polyline")) == (1, 3)
    assert "a &lt; b" in svg
    assert figure_svg(Figure("none", "step", "loss", (FigureGroup("equal", 0, ((x, x * np.nan),)),))) == ""


def test_a_report_is_written_by_its_suffix(report: Report, tmp_path: Path) -> None:
    write_report(report, tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == report_html(report)
    with pytest.raises(InputError, match=r"\.html or \.pdf"):
        check_report_path(tmp_path / "a.doc")
    with pytest.raises(EnvironmentFault, match="PDF"):
        write_report(report, tmp_path / "a.pdf")
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]
