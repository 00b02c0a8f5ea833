"""The Python examples of the documentation run, and print what they say."""

import doctest
import re
import shutil
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
_EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PAGES = sorted(page for page in DOCS.rglob("*.md") if "```python\n>>>" in page.read_text("utf-8"))


def test_pages_with_examples_are_found() -> None:
    assert DOCS / "reference" / "python.md" in _PAGES


@pytest.mark.slow
@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.stem)
def test_examples_of_a_page_print_what_they_say(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(DOCS.parent / "resources" / "samples", tmp_path / "resources" / "samples")
    monkeypatch.chdir(tmp_path)
    # the examples of a page build on each other
    text = "\n".join(_EXAMPLE.findall(page.read_text("utf-8")))
    test = doctest.DocTestParser().get_doctest(text, {}, page.stem, str(page), 0)
    said: list[str] = []
    results = doctest.DocTestRunner().run(test, out=said.append)
    assert results.attempted > 0
    assert results.failed == 0, "".join(said)
