"""Integrated gradients and occlusion keep their axioms on models of every kind of input.

Covers: mtl_core/explanation/path_integral.py, mtl_core/explanation/text_path.py, mtl_core/explanation/attribution.py,
mtl_core/explanation/occlusion.py.
"""

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from mtl_core.architectures import SCHEMES
from mtl_core.errors import InputError
from mtl_core.explanation.attribution import block_size, sum_blocks
from mtl_core.explanation.integrated_gradients import integrated_gradients
from mtl_core.explanation.occlusion import occlusion, part_numbers, parts_shape
from mtl_core.explanation.path_integral import integrate
from tests.explanation.models import CASES, DENSE, EMBED, POOL, explained, explained_model, explained_row, rows

every_case = pytest.mark.parametrize("case", CASES)
every_scheme = pytest.mark.parametrize("sharing", sorted(SCHEMES))


def total(values: dict[str, Tensor]) -> float:
    return sum(float(tensor.sum()) for tensor in values.values())


def silence(model: torch.nn.Module, layer: type[torch.nn.Module], weight: tuple[Any, ...]) -> None:
    """Set some weights of the first layer of a type to 0."""
    first = next(module for module in model.modules() if isinstance(module, layer))
    with torch.no_grad():
        first.weight[weight] = 0.0


@every_case
@pytest.mark.parametrize("task", ["kind", "size"])
def test_the_attributions_of_any_model_add_up(case: str, task: str) -> None:
    row = explained_row(explained(case), task=task)
    found = integrated_gradients(row)
    prediction = float(row.value(row.inputs)[0])
    assert found.is_complete
    assert total(found.values) == pytest.approx(prediction - found.base, abs=1e-3)
    assert found.gap == pytest.approx(prediction - found.base - total(found.values), abs=1e-5)
    assert {name: tuple(values.shape) for name, values in found.values.items()}.keys() == set(row.names)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=st.sampled_from(sorted(CASES)), seed=st.integers(0, 10_000), output=st.integers(0, 2))
def test_completeness_holds_for_random_weights_and_rows(case: str, seed: int, output: int) -> None:
    model = explained(case, seed)
    row = explained_row(model, rows(model, seed=seed), output=output)
    found = integrated_gradients(row)
    assert abs(found.gap) <= 1e-3
    assert found.is_complete


@every_scheme
def test_completeness_holds_under_every_sharing_scheme(sharing: str) -> None:
    dense = [*DENSE, {"kind": "linear", "out_features": 4}, {"kind": "tanh"}]
    shared = CASES["columns as tokens"][0]["shared"] if sharing == "prefixes" else dense  # they stand before attention
    model = explained_model({"shared": shared, "sharing": {"kind": sharing}}, ("table",))
    for task in ("kind", "size"):
        assert integrated_gradients(explained_row(model, task=task)).is_complete


def test_of_a_linear_model_each_column_gets_its_weight_times_its_value() -> None:
    model = explained_model({"shared": []}, ("table",))
    row = explained_row(model, task="size")
    (head,) = [module for name, module in model.model.named_modules() if name.endswith("task_size.0")]
    expected = 3.0 * head.weight[0].double() * row.inputs["table"][0].double()  # 3: the target's standard deviation
    by_column = torch.stack([expected[0], expected[1:3].sum(), expected[3]])
    torch.testing.assert_close(integrated_gradients(row).values["table"], by_column, atol=1e-6, rtol=0)
    torch.testing.assert_close(occlusion(row).values["table"], by_column, atol=1e-5, rtol=0)


@pytest.mark.parametrize("method", [integrated_gradients, occlusion])
def test_an_unused_column_gets_exactly_nothing(method: Any) -> None:
    model = explained("table")
    silence(model.model, torch.nn.Linear, (slice(None), 3))
    values = method(explained_row(model)).values["table"]
    assert values[2] == 0.0
    assert values[0] != 0.0


@pytest.mark.parametrize("method", [integrated_gradients, occlusion])
def test_an_unused_word_and_padding_get_exactly_nothing(method: Any) -> None:
    model = explained_model({"shared": [EMBED, {"kind": "flatten"}, *DENSE]}, ("text",))
    embedding = next(module for module in model.model.modules() if isinstance(module, torch.nn.Embedding))
    with torch.no_grad():
        embedding.weight[5] = 0.0
    inputs = {"text": torch.tensor([[3.0, 5.0, 4.0, 5.0, 0.0, 0.0]])}
    values = method(explained_row(model, inputs)).values["text"]
    assert values[[1, 3, 4, 5]].tolist() == [0.0] * 4
    assert values[0] != 0.0
    assert values[2] != 0.0


@pytest.mark.parametrize("method", [integrated_gradients, occlusion])
def test_an_unused_channel_and_an_absent_input_get_exactly_nothing(method: Any) -> None:
    model = explained("several")
    found = method(explained_row(model, rows(model, absent="image")))
    assert not found.values["image"].any()
    assert found.values["table"].any()
    assert found.values["text"].any()
    model = explained("image")
    silence(model.model, torch.nn.Conv2d, (slice(None),))
    assert not method(explained_row(model)).values["image"].any()


def test_equal_columns_of_equal_weight_get_the_same() -> None:
    model = explained("table")
    first = next(module for module in model.model.modules() if isinstance(module, torch.nn.Linear))
    with torch.no_grad():
        first.weight[:, 3] = first.weight[:, 0]
    inputs = {"table": torch.tensor([[0.7, 1.0, 0.0, 0.7]])}
    values = integrated_gradients(explained_row(model, inputs)).values["table"]
    assert float(values[0]) == pytest.approx(float(values[2]), abs=1e-7)


def test_numbers_that_are_read_as_tokens_are_refused() -> None:
    model = explained_model({"shared": [EMBED, POOL]}, ("text",))
    with pytest.raises(InputError, match="no embedding of the text"):
        integrated_gradients(explained_row(explained_model({"shared": DENSE}, ("text",))))
    assert integrated_gradients(explained_row(model)).is_complete


def test_a_jump_is_reported_as_incomplete() -> None:
    found = integrate(
        lambda shares: (shares > 0.3).double(), lambda shares: [torch.zeros(len(shares), 1)], most_evaluations=500
    )
    assert not found.is_complete
    assert found.gap == pytest.approx(1.0)


def test_kinks_are_found_by_halving_and_smooth_functions_need_few_evaluations() -> None:
    smooth = integrate(torch.exp, lambda shares: [shares.exp().unsqueeze(1)])
    assert smooth.evaluations < 50
    assert float(smooth.contributions[0]) == pytest.approx(torch.e - 1, rel=1e-8)
    kink = integrate(
        lambda shares: (shares - 0.123).clamp(min=0), lambda shares: [(shares > 0.123).double().unsqueeze(1)]
    )
    assert kink.is_complete
    assert float(kink.contributions[0]) == pytest.approx(0.877, rel=1e-3)


def test_a_path_that_ends_where_it_began_needs_no_more_than_its_steep_part() -> None:
    found = integrate(
        lambda shares: 0.3 + ((shares.float() + 1e-5).sqrt() - shares.float()) / 20,
        lambda shares: [(0.5 / (shares.float() + 1e-5).sqrt() - 1).unsqueeze(1) / 20],
    )
    assert found.is_complete
    assert abs(found.end - found.start) < 2e-4
    assert float(found.contributions[0]) == pytest.approx(found.end - found.start, abs=2e-5)
    assert found.evaluations < 500


@every_case
def test_every_part_is_left_out_once(case: str) -> None:
    row = explained_row(explained(case))
    found = occlusion(row)
    for name in row.names:
        assert tuple(found.values[name].shape) == parts_shape(row, name)
        if row.kind(name) != "text":
            assert len(part_numbers(row, name).unique()) == found.values[name].numel()


def test_blocks_keep_the_sum() -> None:
    values = torch.rand(2, 130, 20, dtype=torch.float64)
    summed = sum_blocks(values)
    assert block_size(130) == 3
    assert tuple(summed.shape) == (44, 20)
    torch.testing.assert_close(summed.sum(), values.sum())
    torch.testing.assert_close(summed[1, 4], values[:, 3:6, 4].sum())
