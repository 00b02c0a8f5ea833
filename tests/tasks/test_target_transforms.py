"""Transforms of the targets of regressions: fitted on training rows, invertible, and told in the target's unit.

Covers: mtl_core/tasks/targets/normal_scores.py, mtl_core/tasks/targets/transforms.py.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import QuantileTransformer

from mtl_core.datasets.data import TaskData
from mtl_core.datasets.preparation import load
from mtl_core.spec import BundledDataset, RegressionTask, StratifiedSplit, TableDataset, TargetInfo
from mtl_core.tasks import build_task
from mtl_core.tasks.standardization import inverse_standardization, standardization
from mtl_core.tasks.targets.transforms import fit_target_transform, inverse_transform_values, transform_values

NUMBERS = st.one_of(st.floats(-1e6, 1e6), st.integers(0, 3).map(float), st.floats(-1e-3, 1e-3))
TRANSFORMS = ("none", "log", "quantile")


def fitted(transform: str, values: np.ndarray) -> TargetInfo:
    facts: dict[str, Any] = fit_target_transform(transform, values)  # type: ignore[arg-type]
    return TargetInfo(name="y", kind="regression", width=values.shape[1], **facts)


def prepared(numbers: list[float], folder: Path, **settings: Any) -> tuple[TaskData, RegressionTask]:
    """Rows whose target are these numbers, of which the first 70 % in the order of the split are for training."""
    frame = pd.DataFrame({"x": np.arange(len(numbers)), "y": numbers})
    frame.to_csv(folder / "t.csv", index=False)
    task = RegressionTask(name="y", target="y", **settings)
    return load(TableDataset(path=str(folder / "t.csv"), inputs=("x",), split=StratifiedSplit(seed=1)), [task]), task


@given(st.lists(NUMBERS, min_size=1, max_size=40), st.lists(NUMBERS, min_size=1), st.sampled_from(TRANSFORMS))
@settings(deadline=None)
def test_a_transform_rises_strictly_and_its_inverse_gives_back_any_number(
    training: list[float], others: list[float], transform: str
) -> None:
    info = fitted(transform, np.array(training)[:, None])
    values = torch.tensor(sorted(others), dtype=torch.float64)[:, None]
    scores = transform_values(info, values)
    assert torch.isfinite(scores).all()
    apart = values.diff(dim=0) > 1e-6 * (1 + values.abs().max())
    assert (scores.diff(dim=0)[apart] > 0).all()
    scale = 1 + max(map(abs, training + others))
    torch.testing.assert_close(inverse_transform_values(info, scores), values, rtol=1e-9, atol=1e-9 * scale)


def test_normal_scores_are_those_of_scikit_learn_between_the_ends() -> None:
    numbers = np.random.default_rng(0).lognormal(0, 2, 200)
    expected = QuantileTransformer(n_quantiles=200, output_distribution="normal").fit_transform(numbers[:, None])
    scores = transform_values(fitted("quantile", numbers[:, None]), torch.from_numpy(numbers)[:, None])
    inner = np.abs(expected[:, 0]) < 5
    np.testing.assert_allclose(scores.numpy()[inner], expected[inner], atol=1e-6)
    assert scores.abs().max() < 3.1


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("numbers", [[7.0] * 20, [0.0] * 17 + [1.0, 2.0, 3.0], [-1e25, *range(18), 1e25]])
def test_targets_are_finite_and_told_in_their_unit(transform: str, numbers: list[float], tmp_path: Path) -> None:
    data, _ = prepared(numbers, tmp_path, transform=transform)
    restore = inverse_standardization(data.targets["y"])
    for split in data.splits.values():
        target = split.targets["y"]
        assert torch.isfinite(target).all()
        expected = torch.tensor(numbers, dtype=torch.float64)[split.rows][:, None]
        torch.testing.assert_close(restore(target), expected, rtol=1e-5, atol=1e-6 * max(map(abs, numbers)))
        torch.testing.assert_close(standardization(data.targets["y"])(expected).float(), target, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("transform", ["log", "quantile"])
def test_it_is_fitted_on_the_training_rows_and_survives_the_manifest(transform: str, tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).lognormal(3, 1, 60)
    data, task = prepared(numbers.tolist(), tmp_path, transform=transform)
    info, train = data.targets["y"], data.train.targets["y"]
    np.testing.assert_allclose([train.mean(), train.std(correction=0)], [0, 1], atol=1e-5)
    numbers[data.test.rows] *= 1000
    assert prepared(numbers.tolist(), tmp_path, transform=transform)[0].targets["y"] == info
    plain = json.loads(json.dumps(data.preprocessing["targets"]["y"]))
    del plain["columns"]
    again = TargetInfo(**plain, name="y")
    output = torch.linspace(-3, 3, 7)[:, None]
    assert torch.equal(build_task(task, again).predict(output), build_task(task, info).predict(output))


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_metrics_predictions_and_ensembles_are_in_the_unit_of_the_target(transform: str, tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).lognormal(3, 1, 60)
    data, task = prepared(numbers.tolist(), tmp_path, transform=transform, metrics=("rmse",))
    head = build_task(task, data.targets["y"])
    outputs = torch.randn(3, len(data.train), 1, generator=torch.Generator().manual_seed(0))
    metric = head.build_metrics()["rmse"].metric
    metric.update(*head.metric_inputs(outputs[0], data.train.targets["y"]))
    truth = torch.from_numpy(numbers[data.train.rows])[:, None]
    predicted = head.predict(outputs[0])
    np.testing.assert_allclose(metric.compute().item(), (predicted - truth).square().mean().sqrt().item(), rtol=1e-5)
    mean = torch.stack([head.predict(output) for output in outputs]).mean(0)
    torch.testing.assert_close(head.predict(head.average(outputs)), mean, rtol=1e-4, atol=1e-4)
    cells = head.columns().format_targets(data.train.targets["y"])
    np.testing.assert_allclose(cells, truth, rtol=1e-4)


def test_without_a_transform_fingerprint_and_preprocessing_are_as_before_there_was_one() -> None:
    task = RegressionTask(name="glucose", target="glucose")
    data = load(BundledDataset(name="diabetes"), [task])
    assert data.fingerprint == "5216e7b994fab63edfd22078f786b9fd"
    assert not {"transform", "knots"} & set(data.preprocessing["targets"]["glucose"])
    other = task.model_copy(update={"transform": "log"})
    assert load(BundledDataset(name="diabetes"), [other]).fingerprint != data.fingerprint
