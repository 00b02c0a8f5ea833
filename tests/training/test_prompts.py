"""Training of soft prompts and prefixes on the trunk of a run before, which stays as it was to the bit.

Covers: mtl_core/architectures/sharing/prompts.py, mtl_core/architectures/sharing/prefixes.py.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_core.datasets.data import TaskData
from mtl_core.spec import InputError
from mtl_core.spec.data.table_shape import TableColumn, TableShape
from mtl_core.training.optimization.param_groups import named_shared_parameters
from tests.training.test_resume import assert_resumes
from tests.training.toy import TASKS, ToyRun, experiment, run, toy_data

TRUNK: list[dict[str, Any]] = [
    {"kind": "feature_embeddings", "dimensions": 4, "numbers": "linear"},
    {"kind": "transformer_block", "heads": 2, "dropout": 0.1},
    {"kind": "global_avg_pool"},
]
PROMPTS, PREFIXES = (
    {"model__shared": TRUNK, "model__sharing": {"kind": kind, "length": 2, **settings}}
    for kind, settings in (("prompts", {}), ("prefixes", {"hidden": 3}))
)


def table_data() -> TaskData:
    shape = TableShape(tuple(TableColumn(column, 1) for column in range(3)))
    return replace(toy_data(), input_shapes={"table": shape})


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> tuple[ToyRun, Path]:
    """A run of hard sharing, and its checkpoint."""
    folder = tmp_path_factory.mktemp("earlier")
    return run(
        experiment(model__shared=TRUNK, training__epochs=1), folder, data=table_data()
    ), folder / "last.safetensors"


@pytest.mark.parametrize(
    ("scheme", "level"), [(PROMPTS, "parameters"), (PROMPTS, "last_layer"), (PREFIXES, "parameters")], ids=str
)
def test_only_prompts_or_prefixes_and_heads_change(
    tmp_path: Path, earlier: tuple[ToyRun, Path], scheme: dict[str, Any], level: str
) -> None:
    first, checkpoint = earlier
    weighting = {"kind": "pcgrad", "level": level}
    part = {"freeze_epochs": 1, "weight_decay": 0.5}
    changes = {"weighting": weighting, "training__shared": part, "training__epochs": 2}
    begun, found = (
        run(
            experiment(**scheme, **changes, training__optimizer={"kind": "adamw", "lr": lr}),
            tmp_path / str(lr),
            data=table_data(),
            start=checkpoint,
        )
        for lr in (1e-30, 1e-2)
    )
    assert found.final_state == "finished"
    trunk = named_shared_parameters(found.state.model)
    assert trunk.keys() == named_shared_parameters(first.state.model).keys()
    for name in trunk:
        assert torch.equal(found.parameters()[name], first.parameters()[name])
    for task in TASKS:
        name = f"{scheme['model__sharing']['kind']}.task_{task}.tokens"
        assert not torch.equal(found.parameters()[name], begun.parameters()[name])


@pytest.mark.parametrize("scheme", [PROMPTS, PREFIXES], ids=str)
def test_training_resumes_bit_equal(tmp_path: Path, scheme: dict[str, Any]) -> None:
    assert_resumes(tmp_path, {**scheme, "weighting": {"kind": "uncertainty"}}, 4, data=table_data())


def test_gradients_of_a_common_representation_are_refused() -> None:
    with pytest.raises(InputError, match=r"weighting\.level"):
        experiment(**PROMPTS, weighting={"kind": "pcgrad", "level": "representation"})
