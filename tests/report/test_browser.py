"""A report in a headless Chromium: it shows what the page shows, and asks the network for nothing.

Skipped where there is no Chromium.
"""

import json
import re
import shutil
import subprocess
from html import unescape
from itertools import chain
from pathlib import Path

import pytest

from mtl_core.report.html import report_html
from mtl_core.report.report import Report, read_report
from mtl_core.store import open_store
from tests.app.synthetic import add_run, experiment

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), None)
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")
_READ_TEXT = """
<script>
const shown = {text: document.body.innerText, curves: 0};
for (const line of document.querySelectorAll("svg polyline")) {
  const box = line.getBoundingClientRect();
  if (box.width > 0 && box.height > 0) shown.curves += 1;
}
const result = document.createElement("pre");
result.id = "shown";
result.textContent = JSON.stringify(shown);
document.body.appendChild(result);
</script>
</body>"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """A report on two methods with two seeds each."""
    with open_store(tmp_path / "runs.sqlite") as store:
        for number, method in enumerate(("equal", "uncertainty") * 2):
            spec = experiment(weighting={"kind": method}, training={"epochs": 2, "seed": number // 2})
            add_run(store, spec, seed=number, epochs=2)
        return read_report(store, [1, 2, 3, 4])


def _dump(page: Path, *options: str) -> str:
    """The document after Chromium has read it."""
    profile = page.with_suffix(".profile")
    command = [str(CHROMIUM), *_OPTIONS, f"--user-data-dir={profile}", *options, "--dump-dom", page.as_uri()]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return done.stdout


def _words(text: str) -> str:
    return " ".join(text.split())


def test_a_report_shows_every_sentence_cell_and_curve(report: Report, tmp_path: Path) -> None:
    html = report_html(report)
    page = tmp_path / "read.html"
    # Scripts are forbidden in the report; this copy allows the one that reads what is shown.
    allowed = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    assert allowed != html
    page.write_text(allowed.replace("</body>", _READ_TEXT), encoding="utf-8")
    shown = json.loads(unescape(_dump(page).partition('<pre id="shown">')[2].partition("</pre>")[0]))
    text = _words(shown["text"])
    for sentence in report.sentences:
        assert _words(sentence) in text
    for table in report.tables:
        for cell in chain.from_iterable(table.rows):
            assert _words(cell.text) in text
    lines = re.findall(r'<polyline[^>]* points="([^"]*)"', html)
    assert shown["curves"] == sum(len(set(points.split())) > 1 for points in lines) > 0  # a front may be one point


def test_a_report_asks_the_network_for_nothing(report: Report, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(report_html(report), encoding="utf-8")
    assert _requests(page) == []
    picture = "http://report.invalid/a.png"
    page.write_text(f'<img src="{picture}">', encoding="utf-8")  # what the log says of a page that does ask
    assert _requests(page) == [picture]


def _requests(page: Path) -> list[str]:
    """What a page asks the network for; Chromium has requests of its own, which no page began."""
    log = page.with_suffix(".json")
    _dump(page, f"--log-net-log={log}")
    events = [event.get("params", {}) for event in json.loads(log.read_text(encoding="utf-8"))["events"]]
    urls = {event["url"] for event in events if event.get("initiator", "not an origin") != "not an origin"}
    return sorted(url for url in urls if not url.startswith("file:"))
