"""Continual learning: regularizers of the tasks of an earlier run, and the report on forgetting."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.datasets.data import Split, TaskData
from mtl_core.spec import (
    CountTask,
    ExperimentSpec,
    InputError,
    ModelSpec,
    OrdinalTask,
    TargetInfo,
    Weighting,
    kind_of,
    members,
)
from mtl_core.spec.sharing import Sharing
from mtl_core.spec.training.continual import ContinualLearning, NewHeads
from mtl_core.tasks import build_task
from mtl_core.training.batching.batches import Batches
from mtl_core.training.metrics.validation import Scorer, evaluation_batches
from mtl_core.training.optimization.param_groups import named_shared_parameters
from mtl_core.training.persistence.checkpoints import Checkpoint
from mtl_core.training.step.forward import forward
from mtl_core.training.transfer.fisher import fisher_diagonal
from mtl_core.training.transfer.forgetting import ScoreChange
from mtl_core.training.transfer.heads import data_header, load_heads
from mtl_core.training.transfer.initial_weights import InitialWeights, load_shared_layers
from mtl_core.training.transfer.regularizers import DistillationRegularizer
from tests.inputs import as_table, only
from tests.training.test_resume import assert_goes_on
from tests.training.toy import STEPS, ToyRun, assert_same_tensors, experiment, make_request, run, toy_data

OLD = ("price", "sold")
KEPT = [kind_of(member) for member in members(ContinualLearning) if member is not NewHeads]
LINEAR = [{"kind": "linear", "out_features": 8}, {"kind": "tanh"}]


def without(data: TaskData, *names: str) -> TaskData:
    """The toy without some tasks."""

    def left(split: Split) -> Split:
        keep = lambda by_task: {n: t for n, t in by_task.items() if n not in names}  # noqa: E731
        return Split(split.inputs, keep(split.targets), keep(split.masks))

    targets = {name: info for name, info in data.targets.items() if name not in names}
    parts = [left(split) for split in (data.train, data.val, data.test)]
    return TaskData(*parts, data.input_shapes, targets, data.fingerprint, data.preprocessing)


def old_experiment(**changes: Any) -> ExperimentSpec:
    """The toy without its third task."""
    spec = experiment(**changes)
    heads = {name: layers for name, layers in spec.model.heads.items() if name in OLD}
    model = spec.model.model_copy(update={"heads": heads})
    return spec.model_copy(update={"tasks": spec.tasks[:2], "model": model})


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The last model of a run of the old tasks."""
    run(old_experiment(), tmp_path / "old", data=without(toy_data(), "kind"))
    return tmp_path / "old" / "last.safetensors"


def adding(old: Path, keep: dict[str, Any], **changes: Any) -> ExperimentSpec:
    return experiment(training__start_from={"kind": "from_file", "path": str(old)}, training__keep=keep, **changes)


def changed(after: ToyRun, old: Path) -> list[str]:
    """Which tensors of the old model are others now."""
    before = Checkpoint.load(old).parts["model"]
    return [name for name, tensor in before.items() if not torch.equal(tensor, after.parameters()[name])]


def last(toy_run: ToyRun, folder: Path) -> dict[str, Tensor]:
    return Checkpoint.load(folder / "last.safetensors").parts["model"]


@pytest.mark.parametrize("kind", KEPT)
def test_the_scores_of_the_old_tasks_before_and_after_are_told_and_kept(tmp_path: Path, old: Path, kind: str) -> None:
    spec, data = adding(old, {"kind": kind}), toy_data()
    toy_run = run(spec, tmp_path / "new", start=old)
    new, old_spec, old_data = toy_run.state, old_experiment(), without(data, "kind")
    heads = [build_task(task, old_data.targets[task.name]) for task in old_spec.tasks]
    first = build_model(old_spec.model, {"table": (3,)}, {head.name: head.out_features for head in heads})
    first.load_state_dict(Checkpoint.load(old).parts["model"])
    cpu = torch.device("cpu")
    before = Scorer(heads, cpu)(first, evaluation_batches(old_data.test, OLD, cpu))
    after = Scorer(new.tasks, cpu)(new.model, evaluation_batches(data.test, spec.task_names, cpu))
    kept_events = {event[3]["task"]: event[3] for event in toy_run.recording.events if event[1] == "kept"}
    assert kept_events.keys() == set(OLD)
    for task, metric in (("price", "rmse"), ("sold", "accuracy")):
        assert kept_events[task]["metric"] == metric
        assert kept_events[task]["before"] == pytest.approx(before[task][metric], rel=1e-6)
        assert kept_events[task]["after"] == pytest.approx(after[task][metric], rel=1e-6)
        steps, values = toy_run.recording.series[task, "test", metric]
        assert steps.tolist() == [0, toy_run.outcome.best_step] if toy_run.outcome else False
        assert values.tolist() == [kept_events[task]["before"], kept_events[task]["after"]]
    assert len(toy_run.recording.series["kind", "test", "accuracy"][0]) == 1
    assert new.initialization_summary.endswith("old heads: price, sold; new heads: kind")


@pytest.mark.parametrize(
    ("after", "direction", "text"),
    [
        (0.44, "min", "price: rmse 0.4 before, 0.44 after (10 % worse)"),
        (0.44, "max", "price: rmse 0.4 before, 0.44 after (10 % better)"),
        (0.4, "min", "price: rmse 0.4 before, 0.4 after (unchanged)"),
    ],
)
def test_a_change_is_told_in_words(after: float, direction: Any, text: str) -> None:
    assert str(ScoreChange("price", "rmse", 0.4, after, direction)) == text
    assert str(ScoreChange("price", "r2", 0.0, 0.5, "max")) == "price: r2 0 before, 0.5 after"
    assert str(ScoreChange("price", "rmse", 0.4, 1.4, "min")).endswith("(250 % worse)")


@pytest.mark.parametrize("weighting", [kind_of(member) for member in members(Weighting)])
def test_what_is_frozen_stays_bit_for_bit_under_any_weighting(tmp_path: Path, old: Path, weighting: str) -> None:
    toy_run = run(adding(old, {"kind": "freeze"}, weighting={"kind": weighting}), tmp_path / "new", start=old)
    assert_same_tensors(
        {name: last(toy_run, tmp_path / "new")[name] for name in Checkpoint.load(old).parts["model"]},
        Checkpoint.load(old).parts["model"],
    )
    assert all(event[3]["change"] in (0.0, None) for event in toy_run.recording.events if event[1] == "kept")
    new = [name for name in toy_run.parameters() if name.startswith("heads.task_kind") and name.endswith("weight")]
    fresh = run(adding(old, {"kind": "freeze"}), tmp_path / "fresh", start=old, script={0: [make_request("stop")]})
    assert any(not torch.equal(toy_run.parameters()[name], fresh.parameters()[name]) for name in new)


def test_without_a_regularizer_nothing_holds_the_old_layers(tmp_path: Path, old: Path) -> None:
    toy_run = run(adding(old, {"kind": "fine_tune"}), tmp_path / "new", start=old)
    assert {"shared.0.weight", "shared.1.running_mean", "heads.task_sold.0.weight"} <= set(changed(toy_run, old))


@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.parametrize("weighting", ["equal", "upgrad"])
def test_resuming_is_bit_equal_without_the_old_run(tmp_path: Path, old: Path, kind: str, weighting: str) -> None:
    spec = adding(old, {"kind": kind}, weighting={"kind": weighting}, training__optimizer={"kind": "adam"})
    whole = run(spec, tmp_path / "whole", start=old)
    killed = run(spec, tmp_path / "killed", start=old, script={7: [make_request("checkpoint")]}, kill_at=STEPS - 3)
    old.unlink()
    after = run(spec, tmp_path / "killed", resume=True)
    assert_goes_on(whole, killed, after, 7)
    kept_events = [[event for event in one.recording.events if event[1] == "kept"] for one in (whole, after)]
    assert kept_events[0] == kept_events[1]


# --- elastic weight consolidation


def distance(toy_run: ToyRun, old: Path) -> float:
    before, after = Checkpoint.load(old).parts["model"], toy_run.parameters()
    return sum(float((after[n] - before[n]).square().sum()) for n in named_shared_parameters(toy_run.state.model))


def test_the_stronger_the_tie_the_less_the_shared_layers_move(tmp_path: Path, old: Path) -> None:
    found = []
    for strength in (0.0, 10.0, 1000.0):
        spec = adding(old, {"kind": "ewc", "strength": strength}, training__optimizer={"kind": "sgd", "lr": 0.0005})
        found.append(distance(run(spec, tmp_path / str(strength), start=old), old))
    assert found[2] < 0.7 * found[1] < 0.7 * found[0]


def linear(inputs: Tensor, target: Tensor, mask: Tensor | None = None) -> tuple[MultiTaskModel, Any, Split]:
    """One shared layer and one output of it, a regression of the rows."""
    torch.manual_seed(1)
    model = build_model(
        ModelSpec.model_validate({"shared": LINEAR[:1]}, strict=False), {"table": tuple(inputs.shape[1:])}, {"price": 1}
    )
    info = TargetInfo(name="price", kind="regression", mean=(0.0,), std=(1.0,), labelled=len(inputs))
    head = build_task(experiment().tasks[0], info)
    return model, head, Split(as_table(inputs), {"price": target}, {} if mask is None else {"price": mask})


def test_the_importance_is_the_mean_squared_gradient_of_the_labelled_rows() -> None:
    torch.manual_seed(0)
    inputs, target, mask = torch.randn(12, 3), torch.randn(12, 1), torch.rand(12) < 0.7
    model, head, split = linear(inputs, target, mask)
    weight, bias = named_shared_parameters(model).values()
    found = fisher_diagonal(model, {0: head}, [weight, bias], split, rows=100, seed=0)
    error = (model(as_table(inputs))[0] - target).detach()[
        mask
    ]  # of the squared error e², the slope by a hidden unit is 2·e·v
    slopes = 2 * error * model.get_submodule("heads.task_price")[-1].weight.detach()  # type: ignore[index]
    torch.testing.assert_close(found[1], slopes.square().mean(0))
    torch.testing.assert_close(found[0], (slopes.unsqueeze(2) * inputs[mask].unsqueeze(1)).square().mean(0))
    assert weight.requires_grad
    assert model.training
    few = fisher_diagonal(model, {0: head}, [weight], split, rows=2, seed=0)
    assert not torch.equal(few[0], found[0])


def test_the_penalty_adds_strength_times_importance_times_the_way_gone(tmp_path: Path, old: Path) -> None:
    spec = adding(old, {"kind": "ewc", "strength": 3.0})
    new = run(spec, tmp_path / "new", start=old, script={0: [make_request("stop")]}).state
    regularizer = new.regularizer
    assert regularizer is not None
    state = copy.deepcopy(regularizer.state_dict())
    for name, parameter in named_shared_parameters(new.model).items():
        assert torch.equal(state[f"weight.{name}"], parameter)
        parameter.data.add_(0.5)
        parameter.grad = torch.ones_like(parameter)
    regularizer.after_backward()
    for name, parameter in named_shared_parameters(new.model).items():
        torch.testing.assert_close(parameter.grad, 1 + 3.0 * state[f"importance.{name}"] * 0.5)


# --- distillation


def plain(old: Path, **changes: Any) -> ExperimentSpec:
    """A model without dropout and batch normalization."""
    return adding(old, {"kind": "distil"}, model__shared=LINEAR, model__heads={}, **changes)


@pytest.fixture
def plain_old(tmp_path: Path) -> Path:
    spec = old_experiment(model__shared=LINEAR, model__heads={})
    run(spec, tmp_path / "plain", data=without(toy_data(), "kind"))
    return tmp_path / "plain" / "last.safetensors"


@pytest.mark.parametrize("cut", [False, True])
def test_a_model_that_has_not_changed_is_not_pulled_and_one_that_has_is_pulled_alike_through_a_cut(
    tmp_path: Path, plain_old: Path, cut: bool
) -> None:
    new = run(plain(plain_old), tmp_path / "new", start=plain_old, script={0: [make_request("stop")]}).state
    regularizer, parameters = new.regularizer, dict(new.model.named_parameters())
    assert isinstance(regularizer, DistillationRegularizer)
    batch = next(Batches(new.data.train, new.model.tasks, 8, torch.device("cpu")).iter_in_order())

    def gradients() -> dict[str, Tensor]:
        for parameter in parameters.values():
            parameter.grad = None
        one = forward(new.model, new.tasks, batch, detach=cut)
        regularizer.before_backward([one], [batch], list(parameters.values()))
        regularizer.after_backward()
        return {name: p.grad for name, p in parameters.items() if p.grad is not None}

    assert all(gradient.abs().max() < 1e-6 for gradient in gradients().values())
    with torch.no_grad():
        for parameter in parameters.values():
            parameter.add_(0.1)
    found = gradients()
    outputs = new.model(batch.inputs)
    expected = torch.autograd.grad(
        regularizer.distance(outputs, batch.inputs), list(parameters.values()), allow_unused=True
    )
    for (name, _), gradient in zip(parameters.items(), expected, strict=True):
        assert (gradient is None) == (name not in found), name
        if gradient is not None:
            torch.testing.assert_close(found[name], gradient)
    assert not any("kind" in name for name in found)


def test_distilling_keeps_the_outputs_nearer_to_the_old_ones_than_fine_tuning(tmp_path: Path, plain_old: Path) -> None:
    far = []
    for keep in ({"kind": "fine_tune"}, {"kind": "distil", "strength": 20.0}):
        changes: dict[str, Any] = {
            "model__shared": LINEAR,
            "model__heads": {},
            "training__optimizer": {"kind": "adam", "lr": 0.02},
        }
        spec = adding(plain_old, keep, **changes)
        toy_run = run(spec, tmp_path / str(len(far)), start=plain_old)
        first = run(spec, tmp_path / "first", start=plain_old, script={0: [make_request("stop")]}).state.model
        rows = only(toy_run.state.data.train.inputs)
        far.append(float((toy_run.state.model(as_table(rows))[0] - first(as_table(rows))[0]).detach().square().mean()))
    assert far[1] < 0.5 * far[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"weighting": {"kind": "modo"}},
        {"training__accumulate": 3},
        {"training__accumulate": 3, "weighting": {"kind": "upgrad"}},
        {"training__precision": "bf16", "weighting": {"kind": "mgda"}},
        {"training__shared": {"freeze_epochs": 1}},
    ],
)
def test_distilling_works_with_parts_and_pieces_of_a_batch(
    tmp_path: Path, plain_old: Path, changes: dict[str, Any]
) -> None:
    assert run(plain(plain_old, **changes), tmp_path / "new", start=plain_old).final_state == "finished"


# --- what cannot be kept


def refused(old: Path, spec: ExperimentSpec, folder: Path, data: TaskData | None = None) -> str:
    with pytest.raises(InputError) as error:
        run(spec, folder, start=old, data=data)
    return str(error.value)


def test_an_old_head_of_another_shape_is_refused(tmp_path: Path, old: Path) -> None:
    heads = {"price": [{"kind": "linear", "out_features": 5}]}
    text = refused(old, adding(old, {"kind": "freeze"}, model__heads=heads), tmp_path)
    assert text.startswith("training.keep: the head of task 'price' must be as in that run")


def test_shared_layers_of_another_shape_are_refused(tmp_path: Path, old: Path) -> None:
    shared = [*experiment().model_dump(mode="json")["model"]["shared"], {"kind": "linear", "out_features": 3}]
    shared[2] = {"kind": "linear", "out_features": 8}
    shared[0]["out_features"] = 9
    text = refused(old, adding(old, {"kind": "ewc"}, model__shared=[shared[0], LINEAR[0]], model__heads={}), tmp_path)
    assert "training" in text


def test_a_run_without_any_of_the_tasks_is_refused(tmp_path: Path) -> None:
    data = without(toy_data(), "price", "sold")
    spec = experiment()
    alone = spec.model_copy(update={"tasks": spec.tasks[2:], "model": spec.model.model_copy(update={"heads": {}})})
    run(alone, tmp_path / "other", data=data)
    other = tmp_path / "other" / "last.safetensors"
    new = adding(other, {"kind": "distil"})
    left = new.model_copy(update={"tasks": new.tasks[:2], "model": old_experiment().model})
    text = refused(other, left, tmp_path / "new", without(toy_data(), "kind"))
    assert text.startswith("training.keep: no task of this experiment has a head in last.safetensors")
    assert "kind" in text


def test_a_task_of_other_classes_is_refused(tmp_path: Path) -> None:
    run(experiment(), tmp_path / "old")
    old = tmp_path / "old" / "last.safetensors"
    data = toy_data()
    other = data.targets["kind"].model_copy(update={"classes": ("b", "a", "c")})
    swapped = TaskData(
        *_splits(data), {"table": (3,)}, data.targets | {"kind": other}, data.fingerprint, {"kind": "table"}
    )
    text = refused(old, adding(old, {"kind": "fine_tune"}), tmp_path / "new", swapped)
    assert "task 'kind' must have the classes that it has in that run" in text


def test_a_head_whose_output_is_read_otherwise_is_refused(tmp_path: Path) -> None:
    cumulative, corn = (OrdinalTask(name="grade", target="grade", loss=loss) for loss in ("cumulative_link", "corn"))
    info = TargetInfo(name="grade", kind="ordinal", classes=("a", "b", "c"))
    data = TaskData(*_splits(toy_data()), {"table": (3,)}, {"grade": info}, "", {"kind": "table"})
    model = build_model(old_experiment().model, {"table": (3,)}, {"grade": 2})
    start = InitialWeights(tmp_path / "old", model.state_dict(), data_header(data, [cumulative]))
    assert load_heads(model, start, data, [cumulative]).tasks == ("grade",)
    with pytest.raises(InputError, match="must have the loss that it has in that run; found corn instead of cumul"):
        load_heads(model, start, data, [corn])


def test_the_head_of_a_number_is_brought_to_another_mean_and_deviation(tmp_path: Path, old: Path) -> None:
    data = toy_data()
    info = data.targets["price"].model_copy(update={"mean": (1.0,), "std": (2.0,)})
    splits = [
        Split(split.inputs, split.targets | {"price": (split.targets["price"] - 1) / 2}, split.masks)
        for split in _splits(data)
    ]
    other = TaskData(*splits, {"table": (3,)}, data.targets | {"price": info}, data.fingerprint, {"kind": "table"})
    kept_events = []
    for folder, rows in (("same", data), ("other", other)):
        toy_run = run(adding(old, {"kind": "freeze"}), tmp_path / folder, start=old, data=rows)
        kept_events.append([event[3]["before"] for event in toy_run.recording.events if event[1] == "kept"])
    assert kept_events[1] == pytest.approx(kept_events[0], rel=1e-5)
    (warning,) = [text for _, kind, text, _ in toy_run.recording.events if kind == "warning"]
    assert "so price has another mean and deviation, to which its head is brought" in warning


def test_the_head_of_a_count_is_brought_to_another_mean_of_it(tmp_path: Path) -> None:
    task = CountTask(name="visits", target="visits")
    there, here = (TargetInfo(name="visits", kind="count", mean=(0.0,), std=(std,)) for std in (0.5, 6.0))
    old, new = (build_model(old_experiment().model, {"table": (3,)}, {"visits": 1}).eval() for _ in range(2))
    start = InitialWeights(tmp_path / "old", old.state_dict(), {"targets": {"visits": there.model_dump(mode="json")}})
    data = TaskData(*_splits(toy_data()), {"table": (3,)}, {"visits": here}, "", {"kind": "table"})
    load_shared_layers(new, start)
    assert "so visits has another mean" in load_heads(new, start, data, [task]).warning
    rows = only(data.test.inputs)
    counts = [build_task(task, info).predict(net(as_table(rows))[0]) for net, info in ((old, there), (new, here))]
    torch.testing.assert_close(counts[1], counts[0], rtol=1e-5, atol=0.0)


def test_other_training_rows_are_told(tmp_path: Path, old: Path) -> None:
    data = TaskData(
        *_splits(toy_data()), {"table": (3,)}, toy_data().targets, "", {"kind": "table", "inputs": [{"mean": 0.1}]}
    )
    toy_run = run(adding(old, {"kind": "fine_tune"}), tmp_path / "new", start=old, data=data)
    (warning,) = [text for _, kind, text, _ in toy_run.recording.events if kind == "warning"]
    assert warning.startswith("the training rows are not those of the run that this one begins with;")


def test_distilling_needs_no_labels_of_the_old_tasks(tmp_path: Path, old: Path) -> None:
    data = toy_data()
    none = dict.fromkeys(OLD, torch.zeros(len(data.train), dtype=torch.bool))
    train = Split(data.train.inputs, data.train.targets, data.train.masks | none)
    unlabelled = TaskData(train, data.val, data.test, {"table": (3,)}, data.targets, "", {"kind": "table"})
    spec = adding(old, {"kind": "distil"}, training__optimizer={"kind": "sgd", "lr": 0.05, "momentum": 0.0})
    toy_run = run(spec, tmp_path / "new", start=old, data=unlabelled)
    assert toy_run.final_state == "finished"
    assert "heads.task_price.1.weight" in changed(toy_run, old)


def _splits(data: TaskData) -> tuple[Split, Split, Split]:
    return data.train, data.val, data.test


def test_new_weights_have_no_tasks_to_keep() -> None:
    with pytest.raises(InputError, match=r"^training\.keep: a run with new weights has no old tasks to keep"):
        experiment(training__keep={"kind": "ewc"})


REFUSED = {"separate", "soft", "cross_stitch", "sluice", "nddr", "ple", "adversarial"}
"""What all tasks share has another shape with a further task there, or nothing is shared."""


@pytest.mark.parametrize("scheme", [kind_of(member) for member in members(Sharing)])
def test_under_any_scheme_the_old_tasks_begin_as_they_were_or_are_refused(tmp_path: Path, scheme: str) -> None:
    changes: dict[str, Any] = {"model__shared": LINEAR * 2, "model__heads": {}, "model__sharing": {"kind": scheme}}
    first = run(old_experiment(**changes), tmp_path / "old", data=without(toy_data(), "kind")).state
    old = tmp_path / "old" / "last.safetensors"
    first.model.load_state_dict(Checkpoint.load(old).parts["model"])
    spec = adding(old, {"kind": "freeze"}, **changes)
    if scheme in REFUSED:
        assert refused(old, spec, tmp_path / "new").startswith("training.")
        return
    toy_run = run(spec, tmp_path / "new", start=old)
    assert toy_run.state.regularizer is not None
    before = Scorer(first.tasks, first.device)(first.model, first.batches.test)
    for task, found in toy_run.state.regularizer.initial_scores.items():
        assert found == pytest.approx(before[task], rel=1e-6)
    assert changed(toy_run, old) == []


def test_schemes_that_number_the_tasks_want_the_old_ones_first(tmp_path: Path) -> None:
    sharing = {"kind": "mmoe"}
    changes: dict[str, Any] = {"model__shared": LINEAR, "model__heads": {}, "model__sharing": sharing}
    run(old_experiment(**changes), tmp_path / "old", data=without(toy_data(), "kind"))
    old = tmp_path / "old" / "last.safetensors"
    spec = adding(old, {"kind": "freeze"}, **changes)
    toy_run = run(spec, tmp_path / "new", start=old)
    assert changed(toy_run, old) == []
    turned = spec.model_copy(update={"tasks": spec.tasks[::-1]})
    text = refused(old, turned, tmp_path / "turned")
    assert text.startswith("tasks: under this sharing scheme the tasks of that run must come first")


def test_the_importance_of_partly_labelled_rows_is_that_of_the_values_that_are_there() -> None:
    torch.manual_seed(0)
    inputs, target, mask = torch.randn(12, 3), torch.randn(12, 1), torch.rand(12) < 0.7
    model, head, split = linear(inputs, target, mask)
    parameters = list(named_shared_parameters(model).values())
    by_row = fisher_diagonal(model, {0: head}, parameters, split, rows=100, seed=0)
    target[~mask] = torch.nan
    by_value = Split(as_table(inputs), {"price": target}, {"price": mask.unsqueeze(1)})
    torch.testing.assert_close(fisher_diagonal(model, {0: head}, parameters, by_value, rows=100, seed=0), by_row)
