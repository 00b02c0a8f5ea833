"""Separate models equal single-task models."""

import torch
from torch import nn

from mtl_core.architectures import build_model
from tests.architectures.schemes import CONVS, DENSE, IMAGE, OUTPUTS, ROW, batch, built, number, outputs_of, spec_of
from tests.inputs import as_table


def test_each_task_has_the_model_it_would_have_alone() -> None:
    model = built("separate", "convs")
    for task, name in enumerate(model.tasks):
        spec = spec_of("hard", CONVS)
        spec = spec.model_copy(update={"heads": {key: head for key, head in spec.heads.items() if key == name}})
        alone = build_model(spec, {"table": IMAGE}, {name: OUTPUTS[name]})
        pairs = zip(alone.parameters(), model.head_parameters(name), strict=True)
        with torch.no_grad():
            for mine, theirs in pairs:
                mine.copy_(theirs)
        inputs = batch("convs")
        for one in (model, alone):
            one.eval()
        assert torch.equal(outputs_of(model, inputs)[task], outputs_of(alone, inputs)[0])


def test_nothing_is_shared() -> None:
    model = built("separate")
    assert model.shared_parameters() == model.last_shared_parameters() == []
    inputs = batch()
    assert model.features(as_table(inputs))[0] is inputs
    assert model.penalty() is None


def test_there_are_as_many_trunks_as_tasks_each_with_initial_weights_of_its_own() -> None:
    trunk = number(nn.Sequential(nn.Linear(5, 6), nn.Linear(6, 4)).parameters())
    hard, separate = (
        number(build_model(spec_of(kind, DENSE), {"table": ROW}, OUTPUTS).parameters()) for kind in ("hard", "separate")
    )
    assert separate == hard + trunk
    model = built("separate")
    left, right = model.head_parameters("left")[0], model.head_parameters("right")[0]
    assert left.shape == right.shape
    assert not torch.equal(left, right)
