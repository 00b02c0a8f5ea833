"""Task kinds, metrics and table formats of another package work like built-in ones."""

import json
import random
from pathlib import Path

import pytest

from tests.plugins.conftest import ROOT, run_code, run_commands, run_python

SPEC = """
version: 1
name: homes
dataset: {kind: table, path: homes.fwf, inputs: [area, city]}
tasks:
  - {name: price, kind: mtlw-example/interval, target: price, coverage: 0.8}
  - {name: sold, kind: binary, target: sold, metrics: [accuracy, mtlw-example/g_mean], score: mtlw-example/g_mean}
model: {shared: [{kind: linear, out_features: 8}, {kind: relu}]}
training: {epochs: 2, batch_size: 32, device: cpu, monitor: sold.mtlw-example/g_mean}
"""
MISSING = "needs the package mtlw-example, which is not installed"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A file of fixed width: two inputs, a number and two classes."""
    chance = random.Random(0)
    rows = ["area    city    price   sold"]
    for _ in range(120):
        area, city = chance.uniform(20, 120), chance.choice(("Busan", "Jeju", "Seoul"))
        sold = "yes" if area + chance.gauss(0, 15) > 70 else "no"
        rows.append(f"{area:<8.1f}{city:<8}{3 * area + chance.gauss(0, 20):<8.1f}{sold}")
    file = tmp_path / "homes.fwf"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def spec(table: Path) -> Path:
    """A spec file with all three, beside the table."""
    file = table.with_name("homes.yaml")
    file.write_text(SPEC, encoding="utf-8")
    return file


def test_the_window_offers_and_explains_them_without_their_builders_or_torch(site: Path, table: Path) -> None:
    code = f"""
        import sys
        from PySide6.QtWidgets import QApplication, QCheckBox

        application = QApplication([])
        from app.document import Document
        from app.forms import label_of, metric_label
        from app.main_window.help import topic_text
        from app.pages.data import dataset_opener, roles
        from app.pages.data.cards.source_card import SourceCard
        from app.pages.data.dataset_choice import table_dataset
        from app.pages.training.task_settings_card import TaskSettingsCard
        from mtl_core.spec import ColumnInfo, dataset_from_data, problems_of

        kind, metric, reader = (f"mtlw-example/{{name}}" for name in ("interval", "g_mean", "fixed_width"))
        number = ColumnInfo(name="price", type="numeric", missing=0, unique=50, low=0.5, high=9.5)
        assert roles.kinds_for(number)[-1] == kind
        assert roles.KIND_TITLES[kind] == "Interval"
        assert label_of(metric) == "G-mean", label_of(metric)
        assert metric_label(metric) == "g-mean"

        assert "*.fwf" in dataset_opener._TABLES
        assert dataset_from_data(table_dataset({str(table)!r})).format == reader
        assert dataset_from_data(table_dataset("/x/homes.csv")).format is None
        card = SourceCard()
        card.show_dataset(table_dataset("/x/homes.dat") | {{"format": reader}})
        assert card.format.combo.currentText() == "Fixed-width text"
        assert not card.format.isHidden()

        document = Document()
        tasks = [
            {{"name": "price", "kind": kind, "target": "price", "coverage": 0.8}},
            {{"name": "sold", "kind": "binary", "target": "sold", "metrics": ["accuracy", metric], "score": metric}},
        ]
        document.set("tasks", tasks)
        document.set("dataset", table_dataset({str(table)!r}) | {{"inputs": ["area"]}})
        document.set("model", {{}})
        assert document.problems == [], document.problems
        card = TaskSettingsCard(document)
        card.tabs.bar.setCurrentIndex(1)
        boxes = [box.objectName() for box in card.findChildren(QCheckBox) if metric in box.objectName()]
        assert boxes == [f"tasks[1].metrics.{{metric}}"], boxes
        document.set("tasks[0].coverage", 2)
        (problem,) = document.problems
        assert str(problem) == "tasks[0].coverage: must be less than 1; found 2", problem

        help = topic_text("data")
        assert "**Interval**: Predict an interval that contains a number with a stated probability. *From the" in help
        assert "**G-mean** (Binary, Multiclass): The geometric mean of the recalls of all classes" in help
        assert "**Fixed-width text** (.fwf, .prn): Columns that begin at the same character in every line. *Fr" in help
        builders = {{f"mtlw_example.{{name}}" for name in ("interval", "g_mean", "fixed_width")}}
        loaded = {{"torch", *builders}} & set(sys.modules)
        assert not loaded, loaded
    """
    result = run_code(code, site)
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_a_run_trains_with_them_and_each_place_says_which_package_is_missing(site: Path, spec: Path) -> None:
    models, predictions = spec.with_name("models"), spec.with_name("predictions.csv")
    checked, trained, shown, predicted, exported, misplaced = run_commands(
        ("check", spec),
        ("train", spec, "--json"),
        ("show", 1, "--json"),
        ("predict", 1, spec.with_name("homes.fwf"), "--out", predictions),
        ("export", 1, "--to", "models", "--out", models),
        ("check", spec, "--set", "tasks[0].metrics=[mtlw-example/g_mean]"),
        site=site,
    )
    assert (checked[0], checked[2]) == (0, "")
    assert "2 bounds" in checked[1]
    assert trained[0] == 0, trained[2]
    test = json.loads(trained[1])["test"]
    assert set(test["price"]) == {"loss", "interval_score", "coverage_error"}
    assert 0 <= test["sold"]["mtlw-example/g_mean"] <= 1
    record = json.loads(shown[1])
    assert record["versions"]["mtlw-example"] == "0.1.0"
    assert record["spec"]["dataset"]["format"] == "mtlw-example/fixed_width"
    assert (predicted[0], exported[0]) == (0, 0), (predicted[2], exported[2])
    header = predictions.read_text(encoding="utf-8").partition("\n")[0]
    assert header.startswith("row,price.lower,price.upper,sold.predicted,")
    assert misplaced[0] == 2
    assert "tasks[0].metrics[0]: the metric 'G-mean' cannot be chosen here" in misplaced[2]

    listed, *opened, file = run_commands(
        ("runs", "--filter", "dataset.format=mtlw-example/fixed_width tasks[0].kind=mtlw-example/interval", "--json"),
        ("show", 1),
        ("resume", 1),
        ("evaluate", models),
        ("check", spec),
    )
    (run,) = json.loads(listed[1])["runs"]
    assert set(run["metrics"]["test"]["sold"]) == {"loss", "accuracy", "mtlw-example/g_mean"}
    for status, _, error in opened:
        assert status == 2
        assert f"dataset.format: {MISSING}" in error
        assert error.endswith("pip install mtlw-example==0.1.0\n")
    assert file[0] == 2
    assert f"{spec}: tasks[0].kind: {MISSING}" in file[2]
    assert file[2].endswith("pip install mtlw-example (and 2 more)\n")


@pytest.mark.slow
def test_a_person_trains_with_them_by_clicking_only(site: Path, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTLW_TABLE", str(table))
    scenario = ROOT / "tests" / "plugins" / "window_scenario.py"
    result = run_python("-m", "pytest", "-q", "-p", "no:cacheprovider", scenario, site=site)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ('tasks[0] |= {"kind": "mtlw-example/interval"}', "tasks[0].kind"),
        ('tasks[1] |= {"metrics": ["accuracy", "mtlw-example/g_mean"]}', "tasks[1].metrics[1]"),
        ('tasks[1] |= {"score": "mtlw-example/g_mean"}', "tasks[1].score"),
        ('dataset["format"] = "mtlw-example/fixed_width"', "dataset.format"),
    ],
)
def test_a_spec_without_the_package_says_where_it_is_needed(change: str, place: str) -> None:
    code = f"""
        from mtl_core.plugins import MissingPackage
        from mtl_core.spec import problems_of
        tasks = [
            {{"name": "price", "kind": "regression", "target": "price"}},
            {{"name": "sold", "kind": "binary", "target": "sold"}},
        ]
        dataset = {{"kind": "table", "path": "/x/homes.csv", "inputs": ["area"]}}
        {change}
        (problem,) = problems_of({{"version": 1, "dataset": dataset, "tasks": tasks}})
        assert isinstance(problem, MissingPackage), problem
        assert problem.package == "mtlw-example"
        print(problem.path, problem.rule)
    """
    result = run_code(code)
    assert result.stdout == f"{place} {MISSING}\n", result.stderr


@pytest.mark.slow
def test_the_torch_parts_keep_the_promises_of_a_task_and_of_a_metric(site: Path) -> None:
    code = """
        import numpy as np
        import torch
        from sklearn.metrics import recall_score
        from mtl_core.spec import BinaryTask, MulticlassTask, TargetInfo
        from mtl_core.tasks import build_task
        from mtlw_example.specs import IntervalTask

        torch.manual_seed(0)
        info = TargetInfo(name="y", kind="mtlw-example/interval", width=1, per_value=2, mean=(10.0,), std=(2.0,))
        task = IntervalTask(name="y", target="y", coverage=0.8, metrics=("interval_score", "coverage_error", "width"))
        head = build_task(task, info)
        assert head.out_features == 2
        output, target = torch.randn(50, 2).requires_grad_(), torch.randn(50, 1)
        mask = torch.arange(50) % 2 == 0
        spoilt = target.masked_fill(~mask.unsqueeze(1), torch.nan)
        loss = head.loss(output, spoilt, mask)
        torch.testing.assert_close(loss, head.loss(output[mask], target[mask]))
        loss.backward()
        assert (output.grad[~mask] == 0).all()
        metrics = head.metrics()
        metrics.update(output.detach(), target)
        scores = metrics.compute()
        lower, upper = (10 + 2 * output.detach().double()).sort(dim=1).values.unbind(1)
        value = 10 + 2 * target[:, 0].double()
        inside = ((lower <= value) & (value <= upper)).double().mean()
        outside = (lower - value).clamp(min=0) + (value - upper).clamp(min=0)
        expected = {
            "width": (upper - lower).mean(),
            "coverage_error": (inside - 0.8).abs(),
            "interval_score": (upper - lower + 10 * outside).mean(),
        }
        for name, number in expected.items():
            np.testing.assert_allclose(scores[name], number, rtol=1e-6)
        assert set(head.directions.values()) == {"min"}

        name = "mtlw-example/g_mean"
        classes = TargetInfo(name="y", kind="multiclass", classes=("a", "b", "c"), counts=(1, 1, 1), labelled=3)
        task = MulticlassTask(name="y", target="y", metrics=("accuracy", name))
        head = build_task(task, classes)
        logits, labels = 2 * torch.eye(3)[torch.arange(60) % 3] + torch.randn(60, 3), torch.arange(60) % 3
        metrics = head.metrics()
        metrics.update(logits, labels)
        recalls = recall_score(labels.numpy(), logits.argmax(1).numpy(), average=None)
        scores = metrics.compute()
        np.testing.assert_allclose(scores[name], np.prod(recalls) ** (1 / 3), rtol=1e-9)
        assert list(scores) == ["loss", "accuracy", name]
        assert head.directions[name] == "max"

        head = build_task(BinaryTask(name="y", target="y", metrics=(name,)), TargetInfo(name="y", kind="binary"))
        metrics = head.metrics()
        metrics.update(torch.tensor([[1.0], [-1.0]]), torch.ones(2, 1))
        assert set(metrics.compute()) == {"loss"}
    """
    result = run_code(code, site)
    assert result.returncode == 0, result.stderr
