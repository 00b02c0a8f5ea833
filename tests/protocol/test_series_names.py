"""Names of the series of sharing schemes and gradient diagnostics, which stores contain, do not change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.protocol.series_names import (
    GRADIENT_CONDITION,
    GRADIENT_CONFLICTS,
    GRADIENT_NORM,
    RESOURCE_SERIES,
    TRAINING_SERIES,
    gradient_norm_name,
    gradient_pair_name,
    is_gradient_pair,
    natural_order,
    read_gradient_block,
    read_learned_name,
)
from mtl_core.spec.sharing.branch import NODE_PROBABILITIES
from mtl_core.spec.sharing.learned_series import GATE_WEIGHTS, LEVEL_GATE_WEIGHTS, STITCH_WEIGHTS, LearnedShare
from mtl_core.spec.sharing.nddr import FUSION_WEIGHTS
from mtl_core.spec.sharing.sluice import STAGE_WEIGHTS
from mtl_core.spec.sharing.soft import DISTANCES

NUMBERS = st.integers(1, 100)
SOURCES = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1)


@pytest.mark.parametrize(
    ("name", "metric", "share"),
    [
        (STITCH_WEIGHTS.metric("left", 2), "stitch 2 from left", ("stitch 2", "left")),
        (
            FUSION_WEIGHTS.metric("the 1 from right", 1),
            "fusion 1 from the 1 from right",
            ("fusion 1", "the 1 from right"),
        ),
        (DISTANCES.metric("right"), "distance to right", ("distance between copies", "right")),
        (STAGE_WEIGHTS.metric("stage 3"), "share of stage 3", ("stages the head reads", "stage 3")),
        (GATE_WEIGHTS.metric("expert 2"), "gate of expert 2", ("gates", "expert 2")),
        (LEVEL_GATE_WEIGHTS.metric("own expert 1", 2), "level 2, gate of own expert 1", ("level 2", "own expert 1")),
        (NODE_PROBABILITIES.metric("node 2", 1), "stage 1, node 2", ("stage 1", "node 2")),
    ],
)
def test_a_name_says_where_and_from_what(name: str, metric: str, share: tuple[str, str]) -> None:
    assert name == metric
    assert read_learned_name(name) == LearnedShare(*share)


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        (GRADIENT_CONFLICTS, "gradient conflicts"),
        (GRADIENT_CONDITION, "gradient condition"),
        (GRADIENT_NORM, "gradient norm"),
        (gradient_norm_name("shared.0"), "gradient norm shared.0"),
        (gradient_pair_name("cosine", "right"), "gradient cosine right"),
        (gradient_pair_name("similarity", "right"), "gradient similarity right"),
        ("loss", "loss"),
        ("weight", "weight"),
        ("accuracy", "accuracy"),
    ],
)
def test_what_no_scheme_learned_is_told_from_it(name: str, metric: str) -> None:
    assert name == metric
    assert read_learned_name(name) is None
    assert is_gradient_pair(name) == name.startswith(("gradient cosine ", "gradient similarity "))


@given(NUMBERS, SOURCES)
def test_any_source_is_read_as_it_was_written(number: int, source: str) -> None:
    for series in (STITCH_WEIGHTS, FUSION_WEIGHTS, DISTANCES, GATE_WEIGHTS, LEVEL_GATE_WEIGHTS):
        share = read_learned_name(series.metric(source, number))
        assert share is not None
        assert share.source == source


def test_numbers_in_names_are_sorted_as_numbers() -> None:
    names = ["expert 10", "expert 2", "own expert 1"]
    assert sorted(names, key=natural_order) == ["expert 2", "expert 10", "own expert 1"]


@given(st.text(min_size=1))
def test_the_block_of_a_gradient_norm_is_read_back(block: str) -> None:
    assert read_gradient_block(gradient_norm_name(block)) == block
    assert read_gradient_block(block) is None or block.startswith("gradient norm ")


def test_a_gradient_of_all_shared_parameters_is_of_no_block() -> None:
    assert read_gradient_block(GRADIENT_NORM) is None


def test_series_of_time_and_memory_do_not_change_and_are_none_that_runs_are_compared_by() -> None:
    assert RESOURCE_SERIES == (
        "throughput",
        "memory",
        "device memory",
        "step time data",
        "step time forward",
        "step time weighting",
        "step time backward",
        "step time optimizer",
    )
    assert not set(RESOURCE_SERIES) & set(TRAINING_SERIES)
    assert all(read_learned_name(name) is None and not is_gradient_pair(name) for name in RESOURCE_SERIES)
