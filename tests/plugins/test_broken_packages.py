"""A package that breaks a rule is named and left out; the program and the other packages work."""

from pathlib import Path
from textwrap import dedent

import pytest

from tests.plugins.conftest import run_code, run_python, write_metadata

MODULE = """
    from typing import ClassVar, Literal
    from mtl_core.spec.base import field
    from mtl_core.spec.layers.plugin import PluginLayer
    from mtl_core.spec.weighting.base import BaseWeighting

    class Good(BaseWeighting):
        "A method."
        title: ClassVar[str] = "Good"
        builder: ClassVar[str] = "broken_builder"
        kind: Literal["mtlw-broken/good"] = "mtlw-broken/good"

    class Plain(Good):
        "A kind without the package."
        kind: Literal["equal"] = "equal"

    class Untitled(Good):
        "No title."
        title: ClassVar[str] = ""
        kind: Literal["mtlw-broken/untitled"] = "mtlw-broken/untitled"

    class Incomplete(Good):
        "A field without a default."
        kind: Literal["mtlw-broken/incomplete"] = "mtlw-broken/incomplete"
        strength: float = field(help="Must be given.")

    class Foreign:
        "Not a spec class."

    class Again(PluginLayer):
        "The kind of the method."
        title: ClassVar[str] = "Again"
        builder: ClassVar[str] = "broken_builder"
        kind: Literal["mtlw-broken/good"] = "mtlw-broken/good"
"""
WEIGHTINGS = {
    "equal": (
        "broken_specs:Plain",
        "needs a field 'kind' of the type Literal['mtlw-broken/equal'] with this default",
    ),
    "foreign": ("broken_specs:Foreign", "must be a class that inherits mtl_core.spec.weighting.base.BaseWeighting"),
    "incomplete": ("broken_specs:Incomplete", "cannot be imported; found ValidationError"),
    "misspelt": ("broken_specs:Missing", "cannot be imported; found AttributeError"),
    "torch": ("broken_torch:Method", "a spec's module must not import torch"),
    "uninstalled": ("no_such_module:Method", "cannot be imported; found ModuleNotFoundError"),
    "untitled": ("broken_specs:Untitled", "needs a text as 'title'"),
}
LAYERS = {"good": ("broken_specs:Again", "has the kind 'mtlw-broken/good', which another class of the package has")}
REASONS = {**WEIGHTINGS, **LAYERS}


@pytest.fixture
def site(site: Path) -> Path:
    """A folder with the example package and a broken one, of which one method keeps the rules."""
    (site / "broken_specs.py").write_text(dedent(MODULE), "utf-8")
    (site / "broken_torch.py").write_text("import torch\n", "utf-8")
    (site / "broken_builder.py").write_text("import a_package_that_is_not_there\n", "utf-8")
    groups = {"mtl_workbench.weightings": WEIGHTINGS, "mtl_workbench.layers": LAYERS}
    entries = {group: {name: value for name, (value, _) in kinds.items()} for group, kinds in groups.items()}
    entries["mtl_workbench.weightings"]["good"] = "broken_specs:Good"
    write_metadata(site, "mtlw-broken", "2.0", entries)
    return site


def test_each_is_reported_once_with_its_package(site: Path) -> None:
    result = run_python("-m", "mtl_core", "presets", "multidigits", site=site)
    assert result.returncode == 0, result.stderr
    lines = result.stderr.splitlines()
    assert len(lines) == len(REASONS)
    for line, (name, (value, reason)) in zip(lines, REASONS.items(), strict=True):
        noun = "weighting method" if name in WEIGHTINGS else "layer"
        assert line.startswith(f"mtl-workbench: package mtlw-broken 2.0: its {noun} {name!r} is left out: {value} ")
        assert reason in line


def test_listing_runs_imports_no_package(site: Path) -> None:
    result = run_python("-m", "mtl_core", "runs", site=site)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_window_says_which_kinds_are_left_out(site: Path) -> None:
    code = """
        from PySide6.QtWidgets import QApplication
        application = QApplication([])
        from app.main_window.help import topic_text
        from app.session import Session
        session = Session(None)
        said = []
        session.problem.connect(said.append)
        session.start()
        session.close()
        print(len([text for text in said if text.startswith("package mtlw-broken 2.0")]))
        print("is left out: broken_specs:Untitled" in topic_text("about"))
    """
    result = run_code(code, site)
    assert result.stdout.split() == [str(len(REASONS)), "True"], result.stderr


def test_the_other_kinds_are_there_and_one_that_was_left_out_says_why(site: Path) -> None:
    code = """
        from mtl_core.spec import Weighting, kind_of, members, problems_of
        assert [kind_of(member) for member in members(Weighting)][-2:] == ["mtlw-broken/good", "mtlw-example/loss_rank"]
        task = {"name": "width", "kind": "regression", "target": "petal width"}
        print(*problems_of({"version": 1, "tasks": [task], "weighting": {"kind": "mtlw-broken/untitled"}}))
    """
    result = run_code(code, site)
    assert result.stdout == (
        "weighting.kind: the package mtlw-broken 2.0 has no such kind; found 'mtlw-broken/untitled'. Of that package "
        "its weighting method 'untitled' is left out: broken_specs:Untitled needs a text as 'title'.\n"
    ), result.stderr


def test_a_builder_that_cannot_be_imported_is_named_with_its_package(site: Path) -> None:
    code = """
        from mtl_core.spec import Weighting, kind_of, members
        from mtl_core.errors import EnvironmentFault
        from mtl_core.plugins import builder_of
        try:
            builder_of(next(member for member in members(Weighting) if kind_of(member) == "mtlw-broken/good"))
        except EnvironmentFault as error:
            print(error)
    """
    result = run_code(code, site)
    assert result.stdout == (
        "package mtlw-broken 2.0: broken_builder, which builds 'mtlw-broken/good', cannot be imported; found "
        "ModuleNotFoundError: No module named 'a_package_that_is_not_there'\n"
    ), result.stderr
