"""Tables of a comparison as Markdown, LaTeX and CSV: structure, escapes, the best in bold.

Covers: mtl_core/report/tables.py.
"""

import csv
import io
import re

import pytest

from mtl_core.analysis.statistics import Spread
from mtl_core.report.tables import Table, TableCell, comparison_tables, metrics_table, sentences
from mtl_core.report.text_formats import escape_latex, escape_markdown, format_tables
from tests.analysis.test_comparison import EQUAL, UNCERTAINTY, houses

COMPARISON = houses(("equal", "", EQUAL), ("uncertainty", "", UNCERTAINTY))
TABLES = comparison_tables(COMPARISON)


def test_tables_of_a_comparison_have_as_many_cells_as_titles() -> None:
    assert [table.key for table in TABLES] == ["settings", "metrics", "tests", "changes"]
    assert all(len(row) == len(table.header) for table in TABLES for row in table.rows)
    price = metrics_table(COMPARISON).rows[0]
    assert [cell.text for cell in price] == ["price", "r2 ↑", "0.800 ± 0.010", "0.853 ± 0.015 *"]
    assert [cell.best for cell in price] == [False, False, False, True]


def test_markdown_has_a_table_for_each_with_the_best_in_bold() -> None:
    text = format_tables(TABLES, sentences(COMPARISON), "markdown")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert sum(set(line) <= set("|:- ") for line in lines) == len(TABLES)
    assert "| price | r2 ↑ | 0.800 ± 0.010 | **0.853 ± 0.015 \\*** |" in lines
    assert text.count("\n- ") == 1


def test_latex_is_booktabs_with_balanced_groups_and_the_best_in_bold() -> None:
    text = format_tables(TABLES, sentences(COMPARISON), "latex")
    for word in (r"\toprule", r"\midrule", r"\bottomrule", r"\begin{tabular}", r"\end{tabular}"):
        assert text.count(word) == len(TABLES)
    for table in TABLES:
        body = text.partition(f"\\label{{tab:{table.key}}}")[2].partition(r"\end{tabular}")[0]
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert [len(re.findall(r"(?<!\\)&", row)) for row in rows] == [len(table.header) - 1] * (len(table.rows) + 1)
    assert r"price & r2 $\uparrow$ & 0.800 $\pm$ 0.010 & \textbf{\boldmath 0.853 $\pm$ 0.015 *} \\" in text
    assert text.isascii()


@pytest.mark.parametrize(
    ("text", "latex", "markdown"),
    [
        ("50%_a&b", r"50\%\_a\&b", r"50%\_a\&b"),
        ("a|b\\c", r"a\textbar{}b\textbackslash{}c", r"a\|b\\c"),
        ("-0.5 x-ray", "$-$0.5 x-ray", "-0.5 x-ray"),
        ("two\nlines", r"two\textbackslash{}nlines", r"two\\nlines"),
        ("<b>{x}$", r"\textless{}b\textgreater{}\{x\}\$", r"\<b\>\{x\}\$"),
    ],
)
def test_names_are_escaped(text: str, latex: str, markdown: str) -> None:
    assert (escape_latex(text), escape_markdown(text)) == (latex, markdown)


def test_csv_has_a_row_for_each_cell_with_its_numbers() -> None:
    rows = list(csv.DictReader(io.StringIO(format_tables(TABLES, (), "csv"))))
    price = next(row for row in rows if (row["table"], row["row"]) == ("metrics", "price · r2 ↑"))
    assert (price["column"], float(price["mean"]), price["n"]) == ("Equal (3 seeds)", pytest.approx(0.8), "3")
    formula = Table("settings", "", "", ("name", "=1+1"), ((TableCell("a"), TableCell("=x", spread=Spread(()))),))
    assert "'=x" in format_tables([formula], (), "csv")
