"""Forward passes in micro-batches, in lower precision and compiled equal those of the model."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.compiler import config

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.spec import InputError, ModelSpec, TrainingSpec, Weighting, kind_of, members
from mtl_core.tasks import build_task
from mtl_core.training.batching.batches import Batch
from mtl_core.training.step import precision
from mtl_core.training.step.forward import forward, needs_detached_representation
from mtl_core.training.step.forward_engine import build_forward_engine
from mtl_core.training.step.precision import LossScaler, check_precision
from mtl_core.weighting import build_weighting
from tests.inputs import as_table, only
from tests.training.toy import assert_same_tensors, experiment, run, toy_data

CPU = torch.device("cpu")
WEIGHTINGS = [kind_of(member) for member in members(Weighting)]
LAYERS = [{"kind": "linear", "out_features": 6}, {"kind": "tanh"}, {"kind": "dropout", "p": 0.4}]
NORM = [{"kind": "linear", "out_features": 6}, {"kind": "batch_norm1d"}, {"kind": "tanh"}]


def parts(shared: list[dict[str, Any]]) -> tuple[MultiTaskModel, Any, Batch]:
    spec = experiment()
    torch.manual_seed(1)
    model = build_model(
        ModelSpec.model_validate({"shared": shared}, strict=False), {"table": (3,)}, {"price": 1, "sold": 1, "kind": 3}
    )
    data = toy_data(masked=False).train
    batch = Batch(data.inputs, tuple(data.targets[name] for name in spec.task_names), (None,) * 3, None)
    return model, [build_task(task, toy_data().targets[task.name]) for task in spec.tasks], batch


def gradients(model: MultiTaskModel, tasks: Any, batch: Batch, kind: str, **settings: Any) -> list[Tensor]:
    """What a weighting leaves on a model whose passes are computed in some way."""
    spec = experiment(weighting={"kind": kind})
    weighting = build_weighting(spec.weighting, spec.tasks)
    scaler = LossScaler(model, active=settings.pop("scaled", False))
    engine = build_forward_engine(model, TrainingSpec(**settings), scaler, pytest.fail)
    model.zero_grad()
    torch.manual_seed(4)
    passes = [
        forward(engine, tasks, batch, detach=needs_detached_representation(weighting, engine))
        for _ in range(weighting.batch_parts)
    ]
    weighting.backward_parts(passes, model)
    return [p.grad.clone() for p in model.parameters() if p.grad is not None]


@pytest.mark.parametrize(
    ("kind", "accumulate"),
    [*((k, 3) for k in WEIGHTINGS if k not in ("pcgrad", "graddrop")), ("equal", 2), ("mgda", 2), ("mgda", 1000)],
)
def test_a_batch_in_pieces_has_the_gradients_of_the_whole_for_any_weighting(kind: str, accumulate: int) -> None:
    whole = gradients(*parts(LAYERS[:2]), kind)
    pieces = gradients(*parts(LAYERS[:2]), kind, accumulate=accumulate)
    torch.testing.assert_close(pieces, whole, rtol=1e-4, atol=1e-6)


def test_a_piece_computed_again_draws_the_same_dropout() -> None:
    model, tasks, batch = parts(LAYERS)
    engine = build_forward_engine(model, TrainingSpec(accumulate=4), LossScaler(model, active=False), pytest.fail)
    losses = forward(engine, tasks, batch, detach=False).losses
    loss = torch.stack(list(losses)).sum()
    state = torch.get_rng_state()
    first = torch.autograd.grad(loss, model.shared_parameters(), retain_graph=True)
    second = torch.autograd.grad(loss, model.shared_parameters())
    assert torch.equal(torch.get_rng_state(), state)
    for one, two in zip(first, second, strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("kind", ["equal", "mgda"])
def test_batch_normalization_counts_each_piece_once(kind: str) -> None:
    model, tasks, batch = parts(NORM)
    gradients(model, tasks, batch, kind, accumulate=3)
    expected_model, _, _ = parts(NORM)
    expected_model.train()
    for piece in only(batch.inputs).tensor_split(3):
        expected_model.features(as_table(piece))
    norms = [next(m for m in one.modules() if isinstance(m, nn.BatchNorm1d)) for one in (model, expected_model)]
    assert norms[0].num_batches_tracked == norms[1].num_batches_tracked == 3
    assert norms[0].momentum == norms[1].momentum == 0.1
    for name in ("running_mean", "running_var"):
        torch.testing.assert_close(getattr(norms[0], name), getattr(norms[1], name))


@pytest.mark.parametrize("kind", [k for k in WEIGHTINGS if k not in ("pcgrad", "graddrop")])
def test_a_loss_scale_is_seen_by_no_weighting(kind: str) -> None:
    plain = gradients(*parts(LAYERS[:2]), kind)
    torch.testing.assert_close(
        gradients(*parts(LAYERS[:2]), kind, scaled=True, accumulate=2), plain, rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("cut", [False, True])
def test_outputs_in_lower_precision_are_close_and_float32(cut: bool) -> None:
    model, tasks, batch = parts(LAYERS[:2])
    engine = build_forward_engine(model, TrainingSpec(precision="bf16"), LossScaler(model, active=False), pytest.fail)
    assert all(output.dtype == torch.float32 for output in engine(batch.inputs))
    exact, low_precision = (forward(one, tasks, batch, detach=cut).losses for one in (model, engine))
    torch.testing.assert_close(torch.stack(list(low_precision)), torch.stack(list(exact)), rtol=0.02, atol=0.02)
    assert not torch.equal(torch.stack(list(low_precision)), torch.stack(list(exact)))


def test_a_step_that_overflows_is_not_made_and_halves_the_scale() -> None:
    model, _, _ = parts(LAYERS)
    spec = experiment(weighting={"kind": "gradnorm"})
    weighting = build_weighting(spec.weighting, spec.tasks)
    scaler = LossScaler(model, active=True)
    before = weighting.state_dict()
    scaler.save_weighting_state(weighting)
    parameters = list(model.parameters())
    for parameter in parameters:
        parameter.grad = torch.full_like(parameter, torch.inf)
    weighting.load_state_dict({name: tensor + 1 for name, tensor in before.items()})
    assert not scaler.accept_step(parameters, weighting)
    assert scaler.scale == 2.0**15
    assert_same_tensors(
        {n: t.nan_to_num() for n, t in weighting.state_dict().items()}, {n: t.nan_to_num() for n, t in before.items()}
    )


def test_the_scale_grows_after_many_good_steps_and_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_GROWTH_INTERVAL", 3)
    model, _, _ = parts(LAYERS)
    spec = experiment()
    weighting = build_weighting(spec.weighting, spec.tasks)
    scaler, other = LossScaler(model, active=True), LossScaler(model, active=True)
    scales = []
    for _ in range(4):
        assert scaler.accept_step([], weighting)
        scales.append(scaler.scale)
        other.load_state_dict(scaler.state_dict())
    assert scales == [2.0**16, 2.0**16, 2.0**17, 2.0**17]
    assert other.state_dict() == scaler.state_dict()


def test_a_precision_the_device_has_not_is_refused() -> None:
    for kind in ("float32", "bf16"):
        check_precision(kind, CPU)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^training\.precision: fp16 needs a CUDA device; found cpu\. Take bf16"):
        check_precision("fp16", CPU)


@pytest.fixture
def _fresh_compiler() -> Iterator[None]:
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def _compiler(monkeypatch: pytest.MonkeyPatch, backend: Any) -> None:
    plain = torch.compile
    monkeypatch.setattr(torch, "compile", lambda function: plain(function, backend=backend))


@pytest.mark.slow
@pytest.mark.usefixtures("_fresh_compiler")
@pytest.mark.parametrize("kind", ["equal", "mgda"])
def test_a_compiled_model_trains_as_the_plain_one_under_the_same_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    _compiler(monkeypatch, "aot_eager")
    # By SGD: the bias before the batch norm has a gradient of 0 but for rounding, which Adam makes full steps of.
    changes = {"weighting": {"kind": kind}, "training__optimizer": {"kind": "sgd", "lr": 0.05}}
    runs = [run(experiment(**changes, training__compile=on), tmp_path / str(on)) for on in (False, True)]
    for (name, plain), (other, compiled) in zip(*(one.parameters().items() for one in runs), strict=True):
        assert name == other
        torch.testing.assert_close(compiled, plain)
    assert "warning" not in runs[1].recording.kinds()


@pytest.mark.usefixtures("_fresh_compiler")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_without_a_compiler_the_run_trains_all_the_same_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise OSError("no C++ compiler")

    _compiler(monkeypatch, broken)
    compiled = run(experiment(training__compile=True), tmp_path / "compiled")
    plain = run(experiment(), tmp_path / "plain")
    assert_same_tensors(compiled.parameters(), plain.parameters())
    (text,) = [text for _, kind, text, _ in compiled.recording.events if kind == "warning"]
    assert text.startswith("trains without torch.compile, which does not work here: ")
    assert "no C++ compiler" in text


def test_what_was_compiled_for_another_set_of_instructions_is_not_taken_from_the_cache(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch, "compile", lambda function: function)
    model, _, _ = parts(LAYERS)
    with config.patch(cache_key_tag=""):
        build_forward_engine(model, TrainingSpec(compile=True), LossScaler(model, active=False), pytest.fail)
        assert config.cache_key_tag == torch.backends.cpu.get_cpu_capability()


def test_an_error_that_is_not_the_compilers_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    model, _, batch = parts(LAYERS)
    monkeypatch.setattr(torch, "compile", lambda _: lambda _: torch.zeros(2) @ torch.zeros(3))
    engine = build_forward_engine(model, TrainingSpec(compile=True), LossScaler(model, active=False), pytest.fail)
    with pytest.raises(RuntimeError, match="size"):
        engine(batch.inputs)


def test_what_a_model_adds_to_the_losses_is_the_mean_over_the_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    model, _, batch = parts(LAYERS[:2])
    seen: list[Tensor] = []
    plain = model.features

    def penalty() -> Tensor:
        return (plain(seen[-1])[0] ** 2).mean()

    monkeypatch.setattr(model, "features", lambda inputs: seen.append(inputs) or plain(inputs))
    monkeypatch.setattr(model, "penalty", penalty)
    engine = build_forward_engine(model, TrainingSpec(accumulate=4), LossScaler(model, active=False), pytest.fail)
    engine(batch.inputs)
    found = engine.penalty()
    assert found is not None
    torch.testing.assert_close(found, (plain(batch.inputs)[0] ** 2).mean())
    torch.autograd.backward(found)
    assert all(p.grad is not None and p.grad.any() for p in itertools.islice(model.shared_parameters(), 1))
