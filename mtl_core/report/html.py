"""A report as one page of HTML that needs nothing else: no script, no picture, no font from elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from html import escape
from importlib.metadata import version

from mtl_core.report.figures import HEIGHT, WIDTH, Figure, figure_svg, legend
from mtl_core.report.report import Report, RunPart
from mtl_core.report.tables import Table, TableCell
from mtl_core.spec.io.yaml_text import data_to_yaml
from mtl_core.text import escape_control_characters, format_names

_SCREEN = """
:root { color-scheme: light dark; --ink: #1c1e21; --muted: #5f6670; --line: #d8dce1;
  --paper: #ffffff; --best: #0b6b46; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7e9ec; --muted: #a3abb5; --line: #3a4049; --paper: #17191c; --best: #5cd3a4; }
}
body { margin: 0 auto; max-width: 1080px; padding: 24px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; margin: 0; } h2 { font-size: 19px; margin: 32px 0 8px; }
h3 { font-size: 15px; margin: 16px 0 4px; }
.muted, .note { color: var(--muted); } .note { font-size: 13px; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { padding: 4px 12px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th.name, td.name { text-align: left; } td.best { font-weight: 700; color: var(--best); }
svg { background: #ffffff; border: 1px solid var(--line); border-radius: 6px; max-width: 100%; height: auto; }
figure { margin: 16px 0; } .key { margin-right: 16px; } summary { cursor: pointer; padding: 4px 0; }
pre { overflow-x: auto; font-size: 13px; }
@media print { body { padding: 0; } details > summary { list-style: none; } figure, tr { break-inside: avoid; } }
"""
_PRINT = """
body { font-family: sans-serif; font-size: 9pt; color: #1c1e21; } h1 { font-size: 17pt; } h2 { font-size: 13pt; }
h3, summary { font-size: 10pt; font-weight: bold; } .muted, .note { color: #5f6670; } .note { font-size: 8pt; }
th, td { padding: 2px 6px; font-size: 8pt; text-align: right; } th.name, td.name { text-align: left; }
td.best { font-weight: bold; } h2.page, h3.page { page-break-before: always; } pre { font-size: 7pt; }
"""
"""The style of the page for printing, in the few words that Qt's rich text knows."""

_PRINT_SCALE = 0.76
"""With it two figures and their titles fit on a page."""

Draw = Callable[[int, Figure], str]


def report_html(report: Report) -> str:
    """Return the page, its figures drawn within."""
    return _page(report, _SCREEN, lambda _index, figure: figure_svg(figure))


def printable_html(report: Report) -> tuple[str, dict[str, str]]:
    """Return a plain page for printing, and its figures as SVG by the name under which the page asks for them."""
    pictures: dict[str, str] = {}
    size = round(WIDTH * _PRINT_SCALE), round(HEIGHT * _PRINT_SCALE)

    def draw(index: int, figure: Figure) -> str:
        if svg := figure_svg(figure):
            pictures[f"figure{index}.svg"] = svg
        return f'<p><img src="figure{index}.svg" width="{size[0]}" height="{size[1]}"></p>' if svg else ""

    return _page(report, _PRINT, draw), pictures


def _page(report: Report, style: str, draw: Draw) -> str:
    runs = len(report.runs)
    program = f"MTL Workbench {version('mtl-workbench')}"
    parts = [
        f"<h1>{_text(report.title)}</h1>",
        f'<p class="muted">{runs} run{"" if runs == 1 else "s"} · {report.created} · {program}</p>',
    ]
    if report.sentences:
        items = "".join(f"<li>{_text(sentence)}</li>" for sentence in report.sentences)
        parts.append(f"<h2>What can be told</h2><ul>{items}</ul>")
    parts.extend(map(_table, report.tables))
    if report.figures:
        parts.append('<h2 class="page">Curves</h2>')
        parts.extend(_figure(index, figure, draw) for index, figure in enumerate(report.figures))
    parts.append("<h2>Runs</h2>")
    parts.append(_runs_table(report))
    parts.extend(map(_run, report.runs))
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{_text(report.title)}</title><style>{style}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _table(table: Table) -> str:
    heads = "".join(f"<th{_name(index < table.names)}>{_text(title)}</th>" for index, title in enumerate(table.header))
    rows = "".join(
        f"<tr>{''.join(_cell(cell, name=index < table.names) for index, cell in enumerate(row))}</tr>"
        for row in table.rows
    )
    body = f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    return f'<h2>{_text(table.title)}</h2>{body}<p class="note">{_text(table.note)}</p>'


def _cell(cell: TableCell, *, name: bool) -> str:
    kind = ' class="best"' if cell.best else _name(name)
    return f"<td{kind}>{_text(cell.text)}</td>"


def _name(is_name: bool) -> str:
    return ' class="name"' if is_name else ""


def _figure(index: int, figure: Figure, draw: Draw) -> str:
    picture = draw(index, figure)
    if not picture:
        return ""
    keys = "".join(
        f'<span class="key"><span style="color: {color}">■</span> {_text(title)}</span> '
        for color, title in legend(figure.groups)
    )
    note = f'<p class="note">{_text(figure.note)}</p>' if figure.note else ""
    place = ' class="page"' if index and not index % 2 else ""
    return f"<figure><h3{place}>{_text(figure.title)}</h3><p>{keys}</p>{picture}{note}</figure>"


def _runs_table(report: Report) -> str:
    heads = ("run", "name", "state", "seed", "device", "started", "trained for", "data")
    rows = []
    for part in report.runs:
        run = part.run
        cells = (str(run.id), run.name, run.state, str(run.seed), run.device, _time(run.started), _seconds(run.seconds))
        rows.append([TableCell(text) for text in (*cells, run.fingerprint[:12])])
    note = "Data: the first digits of the digest of the data that the run was trained on."
    return _table(Table("runs", "Environment", note, heads, tuple(map(tuple, rows)), names=len(heads))) + _libraries(
        report
    )


def _libraries(report: Report) -> str:
    """List the versions of the libraries, once for all runs that had the same."""
    runs: dict[str, list[int]] = {}
    for part in report.runs:
        text = ", ".join(f"{name} {version}" for name, version in part.run.versions.items())
        runs.setdefault(text, []).append(part.run.id)
    lines = (
        f"{text} (run{'' if len(numbers) == 1 else 's'} {format_names([str(n) for n in numbers], 12)})"
        for text, numbers in runs.items()
        if text
    )
    return "".join(f'<p class="note">{_text(line)}</p>' for line in lines)


def _run(part: RunPart) -> str:
    run = part.run
    lines = "".join(
        f'<tr><td class="name">{_time(event.time)}</td><td>{event.step}</td>'
        f'<td class="name">{_text(event.kind)}</td><td class="name">{_text(event.message)}</td></tr>'
        for event in part.events
    )
    heads = '<tr><th class="name">time</th><th>step</th><th class="name">kind</th><th class="name">event</th></tr>'
    earlier = f'<p class="note">{part.left_out} earlier events are left out.</p>' if part.left_out else ""
    error = f"<p>{_text(run.error)}</p>" if run.error else ""
    settings = _lines(data_to_yaml(dict(part.spec)))
    notes = f"<p>{_text(run.notes)}</p>" if run.notes else ""
    return (
        f"<h3>run {run.id} · {_text(run.name)}</h3>{error}{notes}"
        f"<details><summary>Settings of run {run.id}</summary><pre>{settings}</pre></details>"
        f"<details><summary>Events of run {run.id}</summary>{earlier}"
        f'<div class="wide"><table>{heads}{lines}</table></div></details>'
    )


def _text(text: str) -> str:
    return escape(escape_control_characters(text))


def _lines(text: str) -> str:
    return "\n".join(map(_text, text.split("\n")))


def _time(moment: float | None) -> str:
    return "" if moment is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


def _seconds(seconds: float) -> str:
    if not math.isfinite(seconds):
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
