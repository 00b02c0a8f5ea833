"""What the texts about the project refer to exists: linked files, and the paths and modules they name."""

import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.generators import GENERATORS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)])
_LINK = re.compile(r"!?\[[^]]*\]\(([^)\s]+)\)|^```\{(?:image|figure|include)\} (\S+)", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_FOLDERS = ("app", "mtl_core", "resources", "tests", "docs", ".ci")
_PATH = re.compile(rf"(?:{'|'.join(map(re.escape, _FOLDERS))})/[\w./<>*-]*")
_MODULE = re.compile(r"(?:app|mtl_core|tests)(?:\.[A-Za-z_]\w*)+")
_TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
_BUILT = "docs/_build"
_HISTORY = "CHANGELOG.md"
"""Tells of what has been, so that it may name what is there no more."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_sections_that_exist(page: Path) -> None:
    assert [link for link in _links(page) if not _exists(link, page)] == []


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != _HISTORY], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_paths_and_modules_that_are_named_exist(page: Path) -> None:
    codes = _CODE.findall(page.read_text("utf-8"))
    words = [word.strip(",;") for code in codes for word in code.split()]
    paths = [word for word in words if _PATH.fullmatch(word) and not word.startswith(_BUILT)]
    assert [path for path in paths if not list(ROOT.glob(re.sub(r"<\w+>", "*", path.rstrip("/"))))] == []
    assert [module for module in words if _MODULE.fullmatch(module) and not _is_there(module)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_contents_list_pages_that_exist(page: Path) -> None:
    for entries in _TOCTREE.findall(page.read_text("utf-8")):
        names = [line for line in entries.splitlines() if line and not line.startswith(":")]
        assert [name for name in names if not list(page.parent.glob(f"{name}.md"))] == []


def test_decision_records_are_numbered_without_gaps_and_have_their_parts() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        headings = re.findall(r"^## (.+)$", record.read_text("utf-8"), re.MULTILINE)
        assert headings == ["Status", "Context", "Options", "Decision", "Why"], record.name


def _links(page: Path) -> Iterator[str]:
    for link, directive in _LINK.findall(page.read_text("utf-8")):
        target = link or directive
        if not re.match(r"[a-z]+:", target) and not target.startswith("#spec-"):
            yield target


def _exists(link: str, page: Path) -> bool:
    path, _, section = link.partition("#")
    target = page.parent / path if path else page
    if not target.exists():
        return False
    return not section or section in _sections(target)


def _sections(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _is_there(module: str) -> bool:
    try:
        pkgutil.resolve_name(module)
    except (ImportError, AttributeError):
        return False
    return True


def test_each_placeholder_of_a_page_has_a_generator() -> None:
    names = {name for page in PAGES for name in re.findall(r"^\{\{(\w+)", page.read_text("utf-8"), re.MULTILINE)}
    assert names <= set(GENERATORS)
