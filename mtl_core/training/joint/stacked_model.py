"""Several models of one architecture as one: each parameter stacked over the models, computed by ``torch.func``."""

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.optim import Optimizer

from mtl_core.architectures import MultiTaskModel
from mtl_core.architectures.layers.modules import GaussianNoise
from mtl_core.datasets.data import Split
from mtl_core.spec import InputError, TrainingSpec, shorten
from mtl_core.tasks import TaskHead
from mtl_core.training.optimization.optimizers import set_lr
from mtl_core.training.optimization.param_groups import ParamGroup, build_param_groups, named_shared_parameters

Parameters = dict[str, Tensor]
Losses = Callable[[Tensor, Sequence[Tensor], Sequence[Tensor | None]], Tensor]
"""From inputs, targets and masks of S runs to their losses ``[S, K]``."""

_ELEMENTWISE = (
    nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Dropout, GaussianNoise,
)  # fmt: skip


class Stack:
    """S models whose parameters lie in one tensor each, ``[S, …]``.

    The models' own parameters become views of them: what changes in the stack changes in the models, which are
    validated and saved as they are.

    Args:
        models: Of one architecture, on one device.

    Attributes:
        parameters: The stacked parameters by name.
    """

    def __init__(self, models: Sequence[MultiTaskModel]) -> None:
        self._models = models
        self._own = [dict(model.named_parameters()) for model in models]
        self.parameters: Parameters = {name: self._stacked(name) for name in self._own[0]}

    def _stacked(self, name: str) -> nn.Parameter:
        own = [parameters[name] for parameters in self._own]
        stacked = nn.Parameter(torch.stack([one.detach() for one in own]), requires_grad=own[0].requires_grad)
        for one, view in zip(own, stacked.detach().unbind(), strict=True):
            one.data = view
        return stacked

    def groups(self, training: TrainingSpec) -> list[ParamGroup]:
        """The stacked parameters in the groups that those of one model have."""
        names = {id(parameter): name for name, parameter in self._own[0].items()}
        groups = build_param_groups(self._models[0], training)
        return [{**group, "params": [self.parameters[names[id(p)]] for p in group["params"]]} for group in groups]

    def freeze_trunk(self, *, frozen: bool) -> None:
        """As :func:`mtl_core.training.transfer.initial_weights.freeze_trunk`, for all models."""
        for name in named_shared_parameters(self._models[0]):
            self.parameters[name].requires_grad_(not frozen)

    @torch.no_grad()
    def clip(self, most: float) -> None:
        """Keep the norm of each model's own gradient to a limit, as ``nn.utils.clip_grad_norm_`` does for one."""
        gradients = [p.grad for p in self.parameters.values() if p.grad is not None]
        norms = torch.stack([gradient.flatten(1).norm(dim=1) for gradient in gradients]).norm(dim=0)
        factors = (most / (norms + 1e-6)).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(factors.view(-1, *(1,) * (gradient.dim() - 1)))

    def share_state(self, optimizer: Optimizer, own: Sequence[Optimizer], rate: float) -> None:
        """Give each model's own optimiser its part of the state of the one that steps, for a checkpoint.

        Args:
            optimizer: Of the stacked parameters.
            own: The models', which never step.
            rate: The learning rate in use.
        """
        for each in own:
            set_lr(each, rate)
        for name, stacked in self.parameters.items():
            state = optimizer.state.get(stacked, {})
            for number, each in enumerate(own):
                parts = {key: _part(value, number, stacked) for key, value in state.items()}
                each.state[self._own[number][name]] = parts


def _part(value: object, number: int, stacked: Tensor) -> object:
    """A model's part of something the optimiser keeps; what is no stack, such as a count of steps, is that of all."""
    return value[number] if isinstance(value, Tensor) and value.shape == stacked.shape else value


def stacked_losses(model: MultiTaskModel, tasks: Sequence[TaskHead], parameters: Parameters) -> Losses:
    """The losses of S models at once; dropout draws for each model by itself.

    Args:
        model: One of them, whose layers are used and whose parameters are not.
        tasks: In the model's order.
        parameters: The stacked ones.
    """
    outputs_of = _plain_outputs(model, parameters) or partial(_vmapped_outputs, model, parameters)

    def means(
        outputs: Sequence[Tensor], targets: Sequence[Tensor], masks: Sequence[Tensor | None]
    ) -> tuple[Tensor, ...]:
        known = zip(tasks, outputs, targets, masks, strict=True)
        return tuple(task.loss(output, target, mask) for task, output, target, mask in known)

    def losses(inputs: Tensor, targets: Sequence[Tensor], masks: Sequence[Tensor | None]) -> Tensor:
        dims = (0, 0, tuple(None if mask is None else 0 for mask in masks))
        return torch.stack(vmap(means, in_dims=dims)(outputs_of(inputs), targets, tuple(masks)), dim=1)

    return losses


def _vmapped_outputs(model: MultiTaskModel, parameters: Parameters, inputs: Tensor) -> list[Tensor]:
    outputs: list[Tensor] = vmap(partial(functional_call, model), randomness="different")(parameters, (inputs,))
    return outputs


def _plain_outputs(model: MultiTaskModel, parameters: Parameters) -> Callable[[Tensor], list[Tensor]] | None:
    """The same without ``vmap``, for a model of linear and elementwise layers only; None for any other.

    Such a model takes ``[S, N, …]`` as it is, once each linear layer is a batched product: half of the operations that
    ``vmap`` makes of it.
    """
    modules = dict(model.named_modules())
    linear = {name: module for name, module in modules.items() if isinstance(module, nn.Linear)}
    others = [module for module in modules.values() if not list(module.children()) and module not in linear.values()]
    if {name.rpartition(".")[0] for name in parameters} - linear.keys():
        return None
    if not all(isinstance(module, (*_ELEMENTWISE, nn.Sequential)) for module in others):
        return None
    whole = copy.deepcopy(model)
    for name, module in linear.items():
        bias = parameters[f"{name}.bias"] if module.bias is not None else None
        whole.set_submodule(name, _StackedLinear(parameters[f"{name}.weight"], bias))
    return whole.train()


class _StackedLinear(nn.Module):
    """S linear layers: ``[S, N, in]`` to ``[S, N, out]``.

    Args:
        weight: ``[S, out, in]``.
        bias: ``[S, out]``, or None.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight, self.bias = weight, bias

    def forward(self, inputs: Tensor) -> Tensor:
        """Each layer's product with its own inputs."""
        turned = self.weight.transpose(1, 2)
        return inputs @ turned if self.bias is None else torch.baddbmm(self.bias.unsqueeze(1), inputs, turned)


def check_stackable(model: MultiTaskModel, tasks: Sequence[TaskHead], split: Split) -> None:
    """See that a model and the losses of its tasks can be computed for several sets of parameters at once.

    Args:
        model: Left as it is.
        tasks: In its order.
        split: Its first rows are tried.

    Raises:
        InputError: They cannot: a layer keeps what training changes, or an operation looks at single values.
    """
    if kept := next((name for name, _ in model.named_buffers()), None):
        rule = "runs that train together need a model whose layers keep nothing, as batch normalisation does"
        raise InputError("model", rule, found=kept, fix="Take layer or group normalisation, or train one by one.")
    trial = copy.deepcopy(model).to("cpu").train()
    parameters = {name: torch.stack([p.detach()] * 2) for name, p in trial.named_parameters()}
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        outputs = _tried("model", _vmapped_outputs, trial, parameters, _twice(split.inputs))
        for i, task in enumerate(tasks):
            mask = split.masks.get(task.name)
            labelled = None if mask is None else _twice(mask)
            in_dims = (0, 0, None if mask is None else 0)
            loss = vmap(task.loss, in_dims=in_dims)
            _tried(f"tasks[{i}].loss", loss, outputs[i], _twice(split.targets[task.name]), labelled)


def _twice(tensor: Tensor) -> Tensor:
    return torch.stack([tensor[:2].to("cpu")] * 2)


def _tried(path: str, function: Callable[..., Any], *arguments: object) -> Any:
    try:
        return function(*arguments)
    except RuntimeError as error:
        rule = "cannot be computed for several runs at once"
        fix = "Take another, or train one by one."
        raise InputError(path, rule, found=shorten(error, 120), fix=fix) from None
