"""Random experiments that were killed and resumed are bit-equal to those that were not."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mtl_core.spec import Optimizer, Schedule, Spec, kind_of, members
from mtl_core.spec import Weighting as WeightingUnion
from mtl_core.spec.fusion import Fusion
from mtl_core.spec.sharing import Sharing
from mtl_core.spec.training.averaging import Averaging
from mtl_core.spec.training.sampling import Sampling
from tests.architectures.fusion.examples import SETTINGS as FUSION_SETTINGS
from tests.training.test_resume import assert_resumes
from tests.training.toy import EPOCHS, STEPS, TASKS
from tests.training.toy_pictures import ENCODERS, INPUTS, toy_with_pictures

WEIGHTINGS = members(WeightingUnion)
FUSIONS = tuple(map(kind_of, members(Fusion)))
ONE_REPRESENTATION = {kind_of(member): member().one_representation for member in members(Sharing)}  # type: ignore[attr-defined]
PREFERENCES = st.dictionaries(st.sampled_from(TASKS), st.sampled_from([0.5, 1.0, 3.0]))
SHARES = st.dictionaries(st.sampled_from(TASKS), st.sampled_from([0.0, 0.5]))
SMALL = {
    "every": st.integers(1, 2),
    "first": st.integers(1, 2),
    "half": st.integers(1, 2),
    "growth": st.integers(1, 2),
    "milestones": st.just([1, 2]),
    "patience": st.just(1),
    "min_delta": st.sampled_from([0.0, 100.0]),
    "layers": st.just("all"),  # of LoRA: the toy has no attention
    "warmup_steps": st.sampled_from([0, 0, 7]),
    "update_every": st.integers(1, 3),
    "warmup_epochs": st.integers(0, EPOCHS),
    "warmup": st.integers(0, STEPS),
    "half_life": st.integers(1, STEPS),
    "start": st.sampled_from([0.1, 0.5]),
    "decay": st.just(0.9),
    "momentum": st.sampled_from([0.5, 0.9]),
    "momentum_decay": st.just(0.1),
    "lr_decay": st.just(0.1),
    "weight_decay": st.sampled_from([0.0, 0.01]),
    "preference": PREFERENCES,
    "weights": PREFERENCES,
    "lowest": SHARES,
    "leak": SHARES,
}
"""Values of settings under which something happens within the toy's few steps; others keep their defaults."""
LEARNING_RATES = st.sampled_from([0.001, 0.01, 0.02])


def any_of(union: Any, turn: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Any member of a union, as data; ``turn`` says which is the simplest, which Hypothesis tries first."""
    found = members(union)
    turn %= len(found)
    return st.sampled_from((*found[turn:], *found[:turn])).flatmap(any_with)


@st.composite
def any_with(draw: st.DrawFn, member: type[Spec]) -> dict[str, Any]:
    """A member of a union, each of its choices, switches and small settings drawn."""
    data: dict[str, Any] = {"kind": kind_of(member)}
    for name, field in member.model_fields.items():
        if name in SMALL:
            data[name] = draw(SMALL[name])
        elif name != "kind" and get_origin(field.annotation) is Literal:
            data[name] = draw(st.sampled_from(get_args(field.annotation)))
        elif field.annotation is bool:
            data[name] = draw(st.booleans())
    return data


PARTS = st.fixed_dictionaries({"lr_factor": st.sampled_from([1.0, 0.5]), "l1": st.sampled_from([0.0, 0.01])})


@st.composite
def experiments(draw: st.DrawFn, weighting: type[Spec], turn: int) -> dict[str, Any]:
    """Changes of the toy that make any experiment with a weighting; the first one is another at every turn."""
    sharing, how = draw(any_of(Sharing, turn)), draw(any_with(weighting))
    if how.get("level") == "representation" and not ONE_REPRESENTATION[sharing["kind"]]:
        how["level"] = "parameters"
    if how["normalize"] == "log" and weighting.positive:  # type: ignore[attr-defined]
        how["normalize"] = "scale"
    rate = draw(st.sampled_from([0.01, 0.001, 0.02]))
    return {
        "weighting": how,
        "model__sharing": sharing,
        "training__optimizer": {**draw(any_of(Optimizer, turn)), "lr": rate},
        "training__schedule": draw(any_of(Schedule, turn)),
        "training__averaging": draw(any_of(Averaging, turn)),
        "training__sampling": draw(any_of(Sampling, turn // 3)),
        "training__accumulate": draw(st.sampled_from([1, 1, 2, 3])),
        "training__grad_clip": draw(st.sampled_from([None, 0.5])),
        "training__precision": draw(st.sampled_from(["float32", "float32", "bf16"])),
        "training__compare_gradients": draw(st.sampled_from([None, None, 2])),
        "training__shared": {"freeze_epochs": draw(st.sampled_from([0, 0, 1])), **draw(PARTS)},
        "training__heads": draw(PARTS),
        "training__batch_size": draw(st.sampled_from([8, 7])),
        "training__seed": draw(st.integers(0, 99)),
    }


def test_every_kind_comes_first_at_some_turn() -> None:
    for union in (Sharing, Optimizer, Schedule, Averaging, Sampling):
        assert len(members(union)) <= len(WEIGHTINGS)


@pytest.mark.slow
@pytest.mark.parametrize("weighting", WEIGHTINGS, ids=kind_of)
@settings(max_examples=4, derandomize=True, deadline=None, database=None, phases=[Phase.generate])
@given(drawing=st.data())
def test_resuming_is_bit_equal_for_any_experiment(weighting: type[Spec], drawing: st.DataObject) -> None:
    changes = drawing.draw(experiments(weighting, WEIGHTINGS.index(weighting)))
    step = drawing.draw(st.integers(1, STEPS - 2))
    with TemporaryDirectory() as folder:
        assert_resumes(Path(folder), changes, step)


@pytest.mark.slow
@pytest.mark.parametrize("fusion", FUSIONS)
@settings(max_examples=2, derandomize=True, deadline=None, database=None, phases=[Phase.generate])
@given(drawing=st.data())
def test_resuming_is_bit_equal_with_several_inputs_and_data_from_disk(fusion: str, drawing: st.DataObject) -> None:
    turn = FUSIONS.index(fusion)
    weighting = WEIGHTINGS[(5 * turn) % len(WEIGHTINGS)]
    how = {
        **FUSION_SETTINGS.get(fusion, {}),
        "kind": fusion,
        "missing": drawing.draw(st.sampled_from(["stand_in", "mask"])),
        "modality_dropout": drawing.draw(st.sampled_from([0.0, 0.3])),
    }
    changes = drawing.draw(experiments(weighting, turn))
    changes |= {"dataset__inputs": INPUTS, "model__inputs": ENCODERS, "model__fusion": how}
    with TemporaryDirectory() as folder:
        data = toy_with_pictures(Path(folder))
        assert_resumes(Path(folder), changes, drawing.draw(st.integers(1, STEPS - 2)), data=data)
