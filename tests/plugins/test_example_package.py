"""Kinds of another package work like built-in ones, and errors name the package where it is missing.

Covers: mtl_core/plugins.py, mtl_core/spec/data/plugin_reader.py, mtl_core/tabular/readers/plugin.py.
"""

import json
from pathlib import Path

import pytest

from tests.plugins.conftest import run_code, run_commands

SPEC = """
version: 1
name: iris
dataset: {kind: bundled, name: iris}
tasks:
  - {name: species, kind: multiclass, target: species}
  - {name: width, kind: regression, target: petal width}
model: {shared: [{kind: linear, out_features: 8}, {kind: mtlw-example/scale, initial: 0.5}, {kind: relu}]}
weighting: {kind: mtlw-example/loss_rank, decay: 0.25}
training: {epochs: 2, batch_size: 32, device: cpu}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec file with a weighting method and a layer of the example package."""
    file = tmp_path / "ranked.yaml"
    file.write_text(SPEC, encoding="utf-8")
    return file


def test_the_window_offers_and_explains_the_kinds_without_their_builders_or_torch(site: Path) -> None:
    code = """
        import sys
        from PySide6.QtWidgets import QApplication

        application = QApplication([])
        from app.document import Document
        from app.forms.layers.layer_menu import LayerMenu
        from app.main_window.help import topic_text
        from app.pages.training.weighting_cards import WeightingCard
        from app.pages.training.weighting_text import method_entries
        from mtl_core.analysis.method_titles import method_title
        from mtl_core.spec import Layer, Weighting, kind_of, load_preset, members

        method, layer = "mtlw-example/loss_rank", "mtlw-example/scale"
        assert method in map(kind_of, members(Weighting))
        assert layer in map(kind_of, members(Layer))
        (entry,) = [entry for entry in method_entries() if entry.kind == method]
        assert (entry.title, entry.group, entry.note) == ("Loss rank", "Weights the losses", ""), entry
        document = Document()
        document.load_spec(load_preset("multidigits"))
        card = WeightingCard(document)
        document.set("weighting", {"kind": method, "decay": 0.25})
        assert document.problems == []
        shown = card.form.value()
        assert (shown["kind"], shown["decay"]) == (method, 0.25), shown
        assert "highest loss weighs most" in card.form.help.text()
        assert "Measured" not in card.form.help.text()
        document.set("weighting.decay", 2)
        (problem,) = document.problems
        assert str(problem) == "weighting.decay: must be at most 1; found 2", problem
        menu = LayerMenu()
        names = [menu.list.item(row).text() for row in range(menu.list.count())]
        assert names[-2:] == ["Other packages", "Scale"], names
        assert "**Loss rank**: The task with the highest" in topic_text("weighting")
        assert "*From the package mtlw-example 0.1.0.*" in topic_text("weighting")
        assert "**Scale**" in topic_text("model")
        assert "- **mtlw-example** 0.1.0" in topic_text("about")
        assert method_title(method) == "Loss rank"
        loaded = {"torch", "mtlw_example.loss_rank", "mtlw_example.scale"} & set(sys.modules)
        assert not loaded, loaded
    """
    result = run_code(code, site)
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_a_run_trains_with_them_and_is_listed_but_not_opened_without_the_package(
    site: Path, spec: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    checked, wrong, trained, shown, exported = run_commands(
        ("check", spec),
        ("check", spec, "--set", "weighting.decay=2"),
        ("train", spec, "--json"),
        ("show", 1, "--json"),
        ("export", 1, "--to", "models", "--out", models),
        site=site,
    )
    assert (checked[0], checked[2]) == (0, "")
    assert "Scale" in checked[1]
    assert "from 0.5" in checked[1]
    assert wrong == (2, "", "mtl-workbench check: weighting.decay: must be at most 1; found 2\n")
    assert trained[0] == 0, trained[2]
    assert json.loads(trained[1])["state"] == "finished"
    record = json.loads(shown[1])
    assert record["versions"]["mtlw-example"] == "0.1.0"
    assert record["spec"]["weighting"]["decay"] == 0.25
    assert exported[0] == 0, exported[2]

    query = "method:mtlw-example/loss_rank weighting.kind=mtlw-example/loss_rank"
    listed, *opened, checked = run_commands(
        ("runs", "--filter", query, "--json"),
        ("show", 1),
        ("resume", 1),
        ("check", "run:1"),
        ("evaluate", models),
        ("check", spec),
    )
    assert (listed[0], listed[2]) == (0, "")
    assert [run["method"] for run in json.loads(listed[1])["runs"]] == ["mtlw-example/loss_rank"]
    for status, out, error in opened:
        assert (status, out) == (2, "")
        assert "model.shared[1].kind: needs the package mtlw-example, which is not installed" in error
        assert error.endswith("pip install mtlw-example==0.1.0\n")
        assert error.count("\n") == 1
    assert checked[:2] == (2, "")
    assert f"{spec}: model.shared[1].kind: needs the package mtlw-example, which is not installed" in checked[2]
    assert checked[2].endswith("pip install mtlw-example (and 1 more)\n")


def test_another_version_of_the_package_without_the_kind_is_named(site: Path) -> None:
    code = """
        from mtl_core.spec import spec_from_data
        task = {"name": "width", "kind": "regression", "target": "petal width"}
        weighting = {"kind": "mtlw-example/loss_power"}
        try:
            spec_from_data({"version": 1, "tasks": [task], "weighting": weighting})
        except ValueError as error:
            print(error)
    """
    assert run_code(code, site).stdout == (
        "weighting.kind: the package mtlw-example 0.1.0 has no such kind; found 'mtlw-example/loss_power'. "
        "Kinds that it has: mtlw-example/loss_rank, mtlw-example/scale, mtlw-example/interval, mtlw-example/g_mean, "
        "mtlw-example/fixed_width.\n"
    )


def test_the_packages_own_modules_can_be_imported_first(site: Path) -> None:
    code = """
        from mtlw_example.specs import LossRankWeighting
        from mtl_core.plugins import plugin_problems
        from mtl_core.spec import Weighting, members
        assert LossRankWeighting in members(Weighting), plugin_problems()
    """
    result = run_code(code, site)
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_weights_follow_the_rank_of_the_losses(site: Path) -> None:
    code = """
        import torch
        from mtlw_example.specs import LossRankWeighting
        from mtl_core.weighting import build_weighting

        method = build_weighting(LossRankWeighting(decay=0.5), [(name, "regression") for name in "abc"])
        parameter = torch.nn.Parameter(torch.ones(()))
        method.backward([parameter * loss for loss in (1.0, 3.0, 2.0)], None)
        torch.testing.assert_close(method.weights(), torch.tensor([0.25, 1.0, 0.5]) * 3 / 1.75)
        torch.testing.assert_close(parameter.grad, (method.weights() * torch.tensor([1.0, 3.0, 2.0])).sum())
    """
    result = run_code(code, site)
    assert result.returncode == 0, result.stderr
