"""The texts about the project leave out no package, weighting method or dependency."""

import re
import tomllib
from pathlib import Path

import mtl_core
from mtl_core.spec import Weighting, kind_of, members

ROOT = Path(__file__).parents[2]


def test_the_map_names_every_package_and_module() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## The map")[2].partition("\n## ")[0]
    named = {Path(code).name for code in re.findall(r"`([^`\s]+)`", text)}
    for top in (ROOT / "app", ROOT / "mtl_core"):
        modules = {path.name for path in top.glob("*.py") if not path.name.startswith("__")}
        packages = {path.parent.name for path in top.glob("*/__init__.py")}
        assert modules | packages <= named


def test_every_weighting_method_has_its_source_and_test() -> None:
    text = (ROOT / "docs" / "reference" / "weighting_methods.md").read_text("utf-8")
    rows = {kind.strip() for cells in re.findall(r"^\| ([\w, ]+) \|", text, re.MULTILINE) for kind in cells.split(",")}
    assert {kind_of(method) for method in members(Weighting)} <= rows


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    tools = {"test", "dev"}  # what they are for is what they are
    needed = [*project["dependencies"], *(one for name, ones in extras.items() if name not in tools for one in ones)]
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in needed}  # type: ignore[index]
    text = (ROOT / "docs" / "reference" / "dependencies.md").read_text("utf-8")
    assert {name for name in names if not re.search(rf"\b{name}\b", text)} == set()


def test_the_version_is_the_newest_release_of_the_changelog() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    releases = re.findall(
        r"^## \[(\d[\d.]*)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )
    assert project["version"] == mtl_core.__version__ == releases[0]
