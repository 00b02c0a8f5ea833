"""A package that breaks a rule is named and ignored; the program and other packages work."""

from pathlib import Path
from textwrap import dedent

import pytest

from tests.plugins.conftest import run_code, run_python, write_metadata

MODULE = """
    from typing import ClassVar, Literal
    from mtl_core.spec.base import field
    from mtl_core.spec.layers.plugin import PluginLayer
    from mtl_core.spec.data.plugin_reader import PluginReader
    from mtl_core.spec.tasks.base import BaseTask
    from mtl_core.spec.tasks.plugin_metric import PluginMetric
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

    class Reversed(BaseTask):
        "Less of a metric is better, of which more is elsewhere."
        title: ClassVar[str] = "Reversed"
        builder: ClassVar[str] = "broken_builder"
        lower_is_better: ClassVar[tuple[str, ...]] = ("r2",)
        kind: Literal["mtlw-broken/reversed"] = "mtlw-broken/reversed"
        target: str = field(help="The target.")
        loss: Literal["mse"] = field("mse", "The loss.")
        metrics: tuple[Literal["r2"], ...] = field(("r2",), "The metrics.")
        score: Literal["r2"] | None = field(None, "The score.")

    class Scoreless(BaseTask):
        "Fields are missing."
        title: ClassVar[str] = "Scoreless"
        builder: ClassVar[str] = "broken_builder"
        kind: Literal["mtlw-broken/scoreless"] = "mtlw-broken/scoreless"
        target: str = field(help="The target.")

    class Homeless(PluginMetric):
        "Of no kind of task."
        title: ClassVar[str] = "Homeless"
        builder: ClassVar[str] = "broken_builder"
        tasks: ClassVar[tuple[str, ...]] = ("clairvoyance",)
        kind: Literal["mtlw-broken/homeless"] = "mtlw-broken/homeless"

    class Comma(PluginReader):
        "A format that the program reads."
        title: ClassVar[str] = "Comma"
        builder: ClassVar[str] = "broken_builder"
        suffixes: ClassVar[tuple[str, ...]] = (".comma", ".csv")
        kind: Literal["mtlw-broken/comma"] = "mtlw-broken/comma"

    class Dumb(PluginReader):
        "A format that cannot be read."
        title: ClassVar[str] = "Dumb"
        builder: ClassVar[str] = "broken_reader"
        suffixes: ClassVar[tuple[str, ...]] = (".dumb",)
        kind: Literal["mtlw-broken/dumb"] = "mtlw-broken/dumb"

    class Wordless(PluginMetric):
        "A metric that is no metric."
        title: ClassVar[str] = "Wordless"
        builder: ClassVar[str] = "broken_reader"
        tasks: ClassVar[tuple[str, ...]] = ("regression",)
        kind: Literal["mtlw-broken/wordless"] = "mtlw-broken/wordless"
"""
BUILDER = """
    def read(file):
        return {"Fine": "it is no table"} if b"fine" in file.data else file.nonsense

    def build(task, info):
        return 0.5
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
TASKS = {
    "reversed": ("broken_specs:Reversed", "has the metric 'r2', of which more is better in other kinds of task"),
    "scoreless": ("broken_specs:Scoreless", "needs a field 'loss'"),
}
METRICS = {"homeless": ("broken_specs:Homeless", "needs a tuple of kinds of task, one of which exists, as 'tasks'")}
READERS = {"comma": ("broken_specs:Comma", "has the suffix '.csv', whose files the program reads")}
GROUPS = {"weighting method": WEIGHTINGS, "layer": LAYERS, "task kind": TASKS, "metric": METRICS, "reader": READERS}
ENTRY_POINTS = {
    "weighting method": "mtl_workbench.weightings",
    "layer": "mtl_workbench.layers",
    "task kind": "mtl_workbench.tasks",
    "metric": "mtl_workbench.metrics",
    "reader": "mtl_workbench.readers",
}
REASONS = {name: (noun, *reason) for noun, kinds in GROUPS.items() for name, reason in kinds.items()}


@pytest.fixture
def site(site: Path) -> Path:
    """A folder with the example package and a broken one, of which one method keeps the rules."""
    (site / "broken_specs.py").write_text(dedent(MODULE), "utf-8")
    (site / "broken_torch.py").write_text("import torch\n", "utf-8")
    (site / "broken_builder.py").write_text("import a_package_that_is_not_there\n", "utf-8")
    (site / "broken_reader.py").write_text(dedent(BUILDER), "utf-8")
    entries = {ENTRY_POINTS[noun]: {name: kind[0] for name, kind in kinds.items()} for noun, kinds in GROUPS.items()}
    entries["mtl_workbench.weightings"]["good"] = "broken_specs:Good"
    entries["mtl_workbench.readers"]["dumb"] = "broken_specs:Dumb"
    entries["mtl_workbench.metrics"]["wordless"] = "broken_specs:Wordless"
    write_metadata(site, "mtlw-broken", "2.0", entries)
    return site


def test_each_is_reported_once_with_its_package(site: Path) -> None:
    result = run_python("-m", "mtl_core", "presets", "multidigits", site=site)
    assert result.returncode == 0, result.stderr
    lines = result.stderr.splitlines()
    assert len(lines) == len(REASONS)
    for line, (name, (noun, value, reason)) in zip(lines, REASONS.items(), strict=True):
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


def test_a_builder_that_fails_is_named_with_its_package(site: Path) -> None:
    code = """
        from mtl_core.errors import EnvironmentFault
        from mtl_core.spec import RegressionTask, TargetInfo
        from mtl_core.tabular.readers.table_file import read_bytes
        from mtl_core.tasks import build_task

        def attempt(function, *arguments):
            try:
                function(*arguments)
            except EnvironmentFault as error:
                print(error)

        attempt(read_bytes, b"a b", "rows.dumb")
        attempt(read_bytes, b"fine", "rows.dumb")
        task = RegressionTask(name="y", target="y", metrics=("rmse", "mtlw-broken/wordless"))
        attempt(build_task(task, TargetInfo(name="y", kind="regression", width=1)).build_metrics)
    """
    result = run_code(code, site)
    assert result.stdout == (
        "package mtlw-broken 2.0: broken_reader cannot read rows.dumb; found AttributeError: 'FileContent' object has "
        "no attribute 'nonsense'\n"
        "package mtlw-broken 2.0: broken_reader.read must return a RawTable or None; found {'Fine': 'it is no table'}\n"
        "package mtlw-broken 2.0: broken_reader.build must return a mtl_core.tasks.TaskMetric; found 0.5\n"
    ), result.stderr
