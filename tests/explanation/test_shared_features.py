"""Which shared features each task uses: known shares, overlap, every sharing scheme."""

import math

import pytest
import torch

from mtl_core.architectures import SCHEMES
from mtl_core.errors import InputError
from mtl_core.evaluation.ensemble import Ensemble
from mtl_core.explanation.row_selection import select_rows
from mtl_core.explanation.shared_features import MOST_FEATURES, shared_feature_use
from tests.explanation.models import CASES, DENSE, explained, explained_model
from tests.explanation.test_permutation import split_of


def test_tasks_that_read_different_features_do_not_overlap() -> None:
    model = explained_model({"shared": [{"kind": "linear", "out_features": 6}]}, ("table",))
    heads = {name: module for name, module in model.model.named_modules() if name.endswith(".0") and "task_" in name}
    kind, size = (next(head for name, head in heads.items() if task in name) for task in ("kind", "size"))
    with torch.no_grad():
        kind.weight[:, 3:] = 0.0
        size.weight[:, :3] = 0.0
        size.weight[:, 3:5] = 0.0
    found = shared_feature_use(model, split_of(model))
    assert found.features == ("1", "2", "3", "4", "5", "6")
    assert found.shares[1] == (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    assert sum(found.shares[0]) == pytest.approx(1.0)
    assert found.overlap[0][1] == 0.0
    assert found.overlap[0][0] == pytest.approx(1.0)
    assert found.are_separate


def test_the_use_is_the_mean_of_gradient_times_activation() -> None:
    model = explained_model({"shared": [{"kind": "linear", "out_features": 3}]}, ("table",))
    split = split_of(model)
    found = shared_feature_use(model, split)
    (head,) = [module for name, module in model.model.named_modules() if name.endswith("task_size.0")]
    features = model.model.features(split.inputs)[0]  # type: ignore[operator]
    expected = (features * head.weight[0]).abs().mean(dim=0)
    assert found.shares[1] == pytest.approx((expected / expected.sum()).tolist(), rel=1e-5)
    assert not found.are_separate


@pytest.mark.parametrize("sharing", sorted(SCHEMES))
def test_every_sharing_scheme_has_features(sharing: str) -> None:
    shared = CASES["columns as tokens"][0]["shared"] if sharing == "prefixes" else DENSE
    model = explained_model({"shared": shared, "sharing": {"kind": sharing}}, ("table",))
    found = shared_feature_use(model, split_of(model))
    assert len(found.shares) == len(found.overlap) == 2
    assert all(sum(row) == pytest.approx(1.0) for row in found.shares) or found.omitted
    assert -1e-9 <= found.overlap[0][1] <= 1 + 1e-9


@pytest.mark.parametrize("case", CASES)
def test_every_kind_of_input_has_features(case: str) -> None:
    model = explained(case)
    found = shared_feature_use(model, split_of(model, 12))
    assert found.features
    assert len(found.features) <= MOST_FEATURES


def test_a_task_that_uses_nothing_has_no_overlap() -> None:
    model = explained("table")
    (head,) = [module for name, module in model.model.named_modules() if name.endswith("task_size.0")]
    head.weight.data.zero_()
    found = shared_feature_use(model, split_of(model))
    assert set(found.shares[1]) == {0.0}
    assert math.isnan(found.overlap[0][1])


def test_an_ensemble_is_that_of_its_first_model_and_no_rows_are_refused() -> None:
    model = explained("table")
    both = Ensemble([model.model, explained("table", 1).model], model.heads)
    ensemble = type(model)(both, model.heads, model.output_names, model.preprocessing, model.device)
    split = split_of(model)
    assert shared_feature_use(ensemble, split) == shared_feature_use(model, split)
    with pytest.raises(InputError, match="no rows"):
        shared_feature_use(model, select_rows(split, torch.zeros(0, dtype=torch.long)))


def test_tasks_that_share_only_the_inputs_say_so() -> None:
    apart = explained_model({"shared": DENSE, "sharing": {"kind": "separate"}}, ("table",))
    found = shared_feature_use(apart, split_of(apart))
    assert found.are_inputs
    assert len(found.features) == 4
    together = explained("table")
    assert not shared_feature_use(together, split_of(together)).are_inputs
