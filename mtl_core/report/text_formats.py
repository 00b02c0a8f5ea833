"""Tables as Markdown, LaTeX and CSV."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from mtl_core.csv_file import csv_text, format_numbers
from mtl_core.report.tables import Table, TableCell
from mtl_core.text import escape_control_characters

TextFormat = Literal["markdown", "latex", "csv"]
SUFFIXES: dict[TextFormat, str] = {"markdown": ".md", "latex": ".tex", "csv": ".csv"}
TITLES: dict[TextFormat, str] = {"markdown": "Markdown", "latex": "LaTeX", "csv": "CSV"}

_CSV_HEADER = ("table", "row", "column", "text", "mean", "sd", "n", "best", "note")
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&])")
_LATEX_SIGNS = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "±": r"$\pm$", "−": r"$-$", "↑": r"$\uparrow$", "↓": r"$\downarrow$",
    "Δ": r"$\Delta$", "×": r"$\times$", "·": r"$\cdot$", "▼": r"$\blacktriangledown$", "▲": r"$\blacktriangle$",
    "—": "---", "“": "``", "”": "''", "→": r"$\rightarrow$", "≤": r"$\leq$", "≥": r"$\geq$",
}  # fmt: skip
_NEGATIVE = re.compile(r"(?<![\w.])-(?=\d)")
"""A hyphen that is the sign of a number."""


def format_tables(tables: Sequence[Table], sentences: Sequence[str], to: TextFormat) -> str:
    """Format the tables of a comparison.

    Args:
        tables: The tables.
        sentences: What the tests say; left out of CSV.
        to: The format.
    """
    formats: dict[TextFormat, Callable[[Sequence[Table], Sequence[str]], str]] = {
        "markdown": _markdown,
        "latex": _latex,
        "csv": lambda tables, _sentences: csv_text(_CSV_HEADER, _csv_rows(tables)),
    }
    return formats[to](tables, sentences)


def _markdown(tables: Sequence[Table], sentences: Sequence[str]) -> str:
    parts = [_markdown_table(table) for table in tables]
    if sentences:
        parts.append("".join(f"- {escape_markdown(sentence)}\n" for sentence in sentences))
    return "\n".join(parts)


def _markdown_table(table: Table) -> str:
    marks = [":---" if index < table.names else "---:" for index in range(len(table.header))]
    lines = [[escape_markdown(title) for title in table.header], marks]
    lines += [[_markdown_cell(cell) for cell in row] for row in table.rows]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"### {escape_markdown(table.title)}\n\n{body}\n\n{escape_markdown(table.note)}\n"


def _markdown_cell(cell: TableCell) -> str:
    text = escape_markdown(cell.text)
    return f"**{text}**" if cell.best else text


def escape_markdown(text: str) -> str:
    """Escape what Markdown would read as markup, and put a text on one line."""
    return _MARKDOWN_SPECIAL.sub(r"\\\1", escape_control_characters(text))


def _latex(tables: Sequence[Table], sentences: Sequence[str]) -> str:
    head = "% Needs \\usepackage{booktabs}, \\usepackage{amssymb} and \\usepackage[T1]{fontenc}.\n"
    parts = [head, *map(_latex_table, tables)]
    if sentences:
        items = "".join(f"  \\item {escape_latex(sentence)}\n" for sentence in sentences)
        parts.append(f"\\begin{{itemize}}\n{items}\\end{{itemize}}\n")
    return "\n".join(parts)


def _latex_table(table: Table) -> str:
    columns = "l" * table.names + "r" * (len(table.header) - table.names)
    lines = [" & ".join(_latex_cell(cell) for cell in row) + r" \\" for row in table.rows]
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            f"  \\caption{{{escape_latex(table.title)}. {escape_latex(table.note)}}}",
            f"  \\label{{tab:{table.key}}}",
            f"  \\begin{{tabular}}{{{columns}}}",
            r"    \toprule",
            "    " + " & ".join(map(escape_latex, table.header)) + r" \\",
            r"    \midrule",
            *(f"    {line}" for line in lines),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _latex_cell(cell: TableCell) -> str:
    # A dollar of math ends bold text, hence bold symbols for it.
    text = escape_latex(cell.text)
    return f"\\textbf{{\\boldmath {text}}}" if cell.best else text


def escape_latex(text: str) -> str:
    """Escape what LaTeX would read as commands, and write signs that its fonts lack as math."""
    signed = _NEGATIVE.sub("−", escape_control_characters(text))
    return "".join(_LATEX_SIGNS.get(sign, sign) for sign in signed)


def _csv_rows(tables: Sequence[Table]) -> Iterator[list[object]]:
    for table in tables:
        for row in table.rows:
            name = " · ".join(cell.text for cell in row[: table.names])
            for title, cell in zip(table.header[table.names :], row[table.names :], strict=True):
                data = cell.spread.data() if cell.spread else {}
                numbers = ["" if data.get(name) is None else data[name] for name in ("mean", "sd", "n")]
                yield [
                    table.key,
                    name,
                    title,
                    cell.text,
                    *format_numbers(numbers),
                    "yes" if cell.best else "",
                    cell.note,
                ]
