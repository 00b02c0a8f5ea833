"""The cost of a step under each weighting method and level, relative to the plain sum of the losses."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn

import resources
from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.spec import ModelSpec, kind_of, members
from mtl_core.spec.method_costs import COSTS, levels_of
from mtl_core.spec.weighting import Weighting as Methods
from mtl_core.weighting import ForwardPass, Weighting, build_weighting, detach_at_representation
from mtl_core.weighting.gradients.aggregation import Aggregator, RuleAggregator
from mtl_core.weighting.methods.pcgrad import pcgrad_rule

SUMMED, LOOP, TORCHJD = "sum of the losses", "loop of autograd.grad, PCGrad", "TorchJD mtl_backward, PCGrad"
_BATCH = 128


@dataclass(frozen=True)
class Network:
    """A trunk and heads of 64 units with one output each."""

    name: str
    shape: tuple[int, ...]
    shared: str
    threads: int


NETWORKS = (
    Network(
        "MLP 20-64-64",
        (20,),
        '[{"kind": "linear", "out_features": 64}, {"kind": "relu"},'
        ' {"kind": "linear", "out_features": 64}, {"kind": "relu"}]',
        1,
    ),
    Network(
        "CNN 1×16×16, two convolutions",
        (1, 16, 16),
        '[{"kind": "conv2d", "out_channels": 32, "kernel_size": 3, "padding": "same"}, {"kind": "relu"},'
        ' {"kind": "max_pool2d", "kernel_size": 2},'
        ' {"kind": "conv2d", "out_channels": 64, "kernel_size": 3, "padding": "same"}, {"kind": "relu"},'
        ' {"kind": "max_pool2d", "kernel_size": 2}, {"kind": "flatten"},'
        ' {"kind": "linear", "out_features": 128}, {"kind": "relu"}]',
        2,
    ),
)


class Bench:
    """One network with some tasks on one batch."""

    def __init__(self, network: Network, tasks: int) -> None:
        torch.manual_seed(0)
        names = [f"t{task}" for task in range(tasks)]
        head = '[{"kind": "linear", "out_features": 64}, {"kind": "relu"}]'
        heads = ", ".join(f'"{name}": {head}' for name in names)
        spec = ModelSpec.model_validate_json(f'{{"shared": {network.shared}, "heads": {{{heads}}}}}')
        self.model: MultiTaskModel = build_model(spec, {"table": tuple(network.shape)}, dict.fromkeys(names, 1))
        self.kinds = [(name, "regression") for name in names]
        self.inputs = {"table": torch.randn(_BATCH, *network.shape)}
        self.targets = [torch.randn(_BATCH, 1) for _ in names]
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-4, fused=True)

    def losses(self, outputs: Sequence[Tensor]) -> list[Tensor]:
        return [nn.functional.mse_loss(o, y) for o, y in zip(outputs, self.targets, strict=True)]

    def summed(self) -> None:
        self.optimizer.zero_grad()
        torch.stack(self.losses(self.model(self.inputs))).sum().backward()
        self.optimizer.step()

    def loop(self, aggregator: Aggregator) -> None:
        """The Jacobian as one writes it by hand, row by row."""
        self.optimizer.zero_grad()
        losses = self.losses(self.model(self.inputs))
        shared, rows = self.model.shared_parameters(), []
        for task, loss in enumerate(losses):
            own = self.model.head_parameters(self.model.tasks[task])
            found = torch.autograd.grad(loss, [*shared, *own], retain_graph=task < len(losses) - 1)
            rows.append(torch.cat([gradient.reshape(-1) for gradient in found[: len(shared)]]))
            for parameter, gradient in zip(own, found[len(shared) :], strict=True):
                parameter.grad = gradient
        direction, _ = aggregator.combine(torch.stack(rows), torch.stack(losses).detach())
        for parameter, part in zip(shared, torch.split(direction, [p.numel() for p in shared]), strict=True):
            parameter.grad = part.view_as(parameter)
        self.optimizer.step()

    def torchjd(self, aggregator: Callable[[Tensor], Tensor]) -> Callable[[], None]:
        from torchjd.autojac import jac_to_grad, mtl_backward

        def step() -> None:
            self.optimizer.zero_grad()
            (features,) = self.model.features(self.inputs)
            mtl_backward(self.losses(self.model.head_outputs((features,))), features=features)
            jac_to_grad(self.model.shared_parameters(), aggregator)
            self.optimizer.step()

        return step

    def by(self, weighting: Weighting) -> Callable[[], None]:
        def step() -> None:
            self.optimizer.zero_grad()
            passes = [self._pass(weighting.detach_representation == "always") for _ in range(weighting.batch_parts)]
            weighting.backward_parts(passes, self.model)
            self.optimizer.step()
            if weighting.needs_losses_after_step:
                with torch.no_grad():
                    weighting.observe(torch.stack(self.losses(self.model(self.inputs))))

        return step

    def _pass(self, cut: bool) -> ForwardPass:
        if not cut:
            return ForwardPass(self.losses(self.model(self.inputs)))
        outputs, at = detach_at_representation(self.model.features(self.inputs), self.model.head, len(self.targets))
        return ForwardPass(self.losses(outputs), representation=at)


def methods(tasks: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Weighting]]:
    """Every weighting method at every level it has."""
    for spec in members(Methods):
        for level in levels_of(spec):
            given = spec(level=level) if level else spec()
            yield _name(kind_of(spec), level), build_weighting(given, tasks)


def _name(kind: str, level: str) -> str:
    return f"{kind} · {level}" if level else kind


def costs(network: Network, tasks: int, rounds: int) -> dict[str, float]:
    """Median seconds of a step by contestant, all of them in turn in every round, after a step that does not count.

    That step brings back to the cache what the contestants before it have driven out.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(network.threads)
    bench = Bench(network, tasks)
    steps = all_of(bench)
    laps: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 2):
        for name, step in steps.items():
            step()
            begun = time.perf_counter()
            step()
            if number > 1:
                laps[name].append(time.perf_counter() - begun)
    torch.set_num_threads(before)
    return {name: median(times) for name, times in laps.items()}


def all_of(bench: Bench) -> dict[str, Callable[[], None]]:
    """The references and every method."""
    from torchjd.aggregation import PCGrad

    ours = RuleAggregator(pcgrad_rule)
    found: dict[str, Callable[[], None]] = {SUMMED: bench.summed, LOOP: lambda: bench.loop(ours)}
    found[TORCHJD] = bench.torchjd(PCGrad())
    return found | {name: bench.by(weighting) for name, weighting in methods(bench.kinds)}


def ratios(seconds: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """How many plain steps a step takes, in two digits, by method and level.

    Args:
        seconds: Of a step, by contestant.
    """
    plain = min(seconds[name] for name in (SUMMED, "equal", "manual"))  # the same step, noted three times
    keys = [(kind_of(spec), level) for spec in members(Methods) for level in levels_of(spec)]
    exact = {key: seconds[_name(*key)] / plain for key in keys}
    return {key: round(ratio, 1) if ratio < 10 else round(ratio) for key, ratio in exact.items()}


def write_costs(mlp: Mapping[tuple[str, str], float], cnn: Mapping[tuple[str, str], float]) -> None:
    """Keep the ratios of the two networks where the window reads them."""
    lines = [f"{json.dumps(' '.join(key).strip())}: {json.dumps([mlp[key], cnn[key]])}" for key in mlp]
    text = "{\n  " + ",\n  ".join(lines) + "\n}\n"
    (Path(resources.__path__[0]) / COSTS).write_text(text, encoding="utf-8")
