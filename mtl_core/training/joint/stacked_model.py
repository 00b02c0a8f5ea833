"""Stacked models: several models of one architecture with parameters stacked and computed by ``torch.func``."""

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.optim import Optimizer

from mtl_core.architectures import MultiTaskModel
from mtl_core.architectures.fusion.encoded_inputs import SingleInput
from mtl_core.architectures.layers.modules import GaussianNoise
from mtl_core.architectures.layers.modules.layer_stack import reads_mask
from mtl_core.datasets.data import Inputs, Split
from mtl_core.spec import InputError, TrainingSpec, shorten
from mtl_core.tasks import TaskHead
from mtl_core.training.optimization.param_groups import ParamGroup, build_param_groups, named_shared_parameters

Parameters = dict[str, Tensor]
Losses = Callable[[Inputs, Sequence[Tensor], Sequence[Tensor | None]], Tensor]
"""From inputs, targets and masks of S runs to their losses ``[S, K]``."""

_ELEMENTWISE = (
    nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Dropout, GaussianNoise,
    SingleInput,
)  # fmt: skip


class StackedModels:
    """S models with each parameter stacked to ``[S, …]``.

    The parameters of the models become views of the stacked ones, so that updates reach the models, which are validated
    and saved individually.

    Args:
        models: Models of one architecture, on one device.

    Attributes:
        parameters: The stacked parameters by name.
    """

    def __init__(self, models: Sequence[MultiTaskModel]) -> None:
        self._models = models
        self._model_parameters = [dict(model.named_parameters()) for model in models]
        self.parameters: Parameters = {name: self._stack_parameter(name) for name in self._model_parameters[0]}

    def _stack_parameter(self, name: str) -> nn.Parameter:
        parameters = [model_parameters[name] for model_parameters in self._model_parameters]
        stacked = nn.Parameter(
            torch.stack([parameter.detach() for parameter in parameters]), requires_grad=parameters[0].requires_grad
        )
        for parameter, view in zip(parameters, stacked.detach().unbind(), strict=True):
            parameter.data = view
        return stacked

    def param_groups(self, training: TrainingSpec) -> list[ParamGroup]:
        """Return the stacked parameters in the parameter groups of one model."""
        names = {id(parameter): name for name, parameter in self._model_parameters[0].items()}
        groups = build_param_groups(self._models[0], training)
        return [{**group, "params": [self.parameters[names[id(p)]] for p in group["params"]]} for group in groups]

    def freeze_trunk(self, *, frozen: bool) -> None:
        """Freeze or unfreeze as :func:`mtl_core.training.transfer.initial_weights.freeze_trunk`, for all models."""
        for name in named_shared_parameters(self._models[0]):
            self.parameters[name].requires_grad_(not frozen)

    @torch.no_grad()
    def clip_grad_norm(self, max_norm: float) -> None:
        """Clip the gradient norm of each model, as ``nn.utils.clip_grad_norm_`` does for one."""
        gradients = [p.grad for p in self.parameters.values() if p.grad is not None]
        norms = torch.stack([gradient.flatten(1).norm(dim=1) for gradient in gradients]).norm(dim=0)
        factors = (max_norm / (norms + 1e-6)).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(factors.view(-1, *(1,) * (gradient.dim() - 1)))

    def copy_optimizer_state(self, optimizer: Optimizer, model_optimizer: Optimizer, number: int) -> None:
        """Copy a model's slice of the optimizer state to the model's own optimizer.

        Args:
            optimizer: Optimizer of the stacked parameters.
            model_optimizer: Optimizer of the model, which never steps.
            number: Number of the model.
        """
        for name, stacked in self.parameters.items():
            state = optimizer.state.get(stacked, {})
            model_state = {key: _slice_state(value, number, stacked) for key, value in state.items()}
            model_optimizer.state[self._model_parameters[number][name]] = model_state


def _slice_state(value: object, number: int, stacked: Tensor) -> object:
    """Return a model's slice of an optimizer state value; one that is not stacked, such as a step count, unchanged."""
    return value[number] if isinstance(value, Tensor) and value.shape == stacked.shape else value


def stacked_losses(model: MultiTaskModel, tasks: Sequence[TaskHead], parameters: Parameters) -> Losses:
    """Build the function that computes the losses of S models at once; dropout masks differ between models.

    Args:
        model: One of the models; its layers are used, its parameters are not.
        tasks: In the model's order.
        parameters: The stacked parameters.
    """
    outputs_of = _batched_linear_outputs(model, parameters) or partial(_vmapped_outputs, model, parameters)

    def task_losses(
        outputs: Sequence[Tensor], targets: Sequence[Tensor], masks: Sequence[Tensor | None]
    ) -> tuple[Tensor, ...]:
        rows = zip(tasks, outputs, targets, masks, strict=True)
        return tuple(task.loss(output, target, mask) for task, output, target, mask in rows)

    def losses(inputs: Inputs, targets: Sequence[Tensor], masks: Sequence[Tensor | None]) -> Tensor:
        dims = (0, 0, tuple(None if mask is None else 0 for mask in masks))
        return torch.stack(vmap(task_losses, in_dims=dims)(outputs_of(inputs), targets, tuple(masks)), dim=1)

    return losses


def _vmapped_outputs(model: MultiTaskModel, parameters: Parameters, inputs: Inputs) -> list[Tensor]:
    outputs: list[Tensor] = vmap(partial(functional_call, model), randomness="different")(parameters, (inputs,))
    return outputs


def _batched_linear_outputs(model: MultiTaskModel, parameters: Parameters) -> Callable[[Inputs], list[Tensor]] | None:
    """Build a forward pass without ``vmap`` for a model of linear and elementwise layers only; None for any other.

    With each linear layer as a batched product, such a model accepts ``[S, N, …]`` directly, in half of the operations
    that ``vmap`` needs.
    """
    modules = dict(model.named_modules())
    linear = {name: module for name, module in modules.items() if isinstance(module, nn.Linear)}
    others = [module for module in modules.values() if not list(module.children()) and module not in linear.values()]
    if {name.rpartition(".")[0] for name in parameters} - linear.keys():
        return None
    if not all(isinstance(module, (*_ELEMENTWISE, nn.Sequential)) for module in others):
        return None
    if any(map(reads_mask, modules.values())):  # attention and pooling mix rows of ``[S, N, …]``
        return None
    stacked_model = copy.deepcopy(model)
    for name, module in linear.items():
        bias = parameters[f"{name}.bias"] if module.bias is not None else None
        stacked_model.set_submodule(name, _StackedLinear(parameters[f"{name}.weight"], bias))
    return stacked_model.train()


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
        """Apply each layer to its own inputs."""
        transposed = self.weight.transpose(1, 2)
        return inputs @ transposed if self.bias is None else torch.baddbmm(self.bias.unsqueeze(1), inputs, transposed)


def check_stackable(model: MultiTaskModel, tasks: Sequence[TaskHead], split: Split) -> None:
    """Check that a model and the losses of its tasks can be computed for several sets of parameters at once.

    Args:
        model: Not changed.
        tasks: In its order.
        split: The check computes its first rows.

    Raises:
        InputError: A layer has buffers that training changes, or an operation is not supported by ``vmap``.
    """
    parameter_names = {name for name, _ in model.named_parameters()}
    if buffer := next((name for name in model.state_dict() if name not in parameter_names), None):
        rule = "runs that train together need a model whose layers keep nothing, as batch normalization does"
        raise InputError("model", rule, found=buffer, fix="Take layer or group normalization, or train one by one.")
    model_copy = copy.deepcopy(model).to("cpu").train()
    parameters = {name: torch.stack([p.detach()] * 2) for name, p in model_copy.named_parameters()}
    inputs = {name: _stack_twice(tensor) for name, tensor in split.select_inputs(slice(2), "cpu").items()}
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        outputs = _try_vmap("model", _vmapped_outputs, model_copy, parameters, inputs)
        for i, task in enumerate(tasks):
            mask = split.masks.get(task.name)
            stacked_mask = None if mask is None else _stack_twice(mask)
            in_dims = (0, 0, None if mask is None else 0)
            loss = vmap(task.loss, in_dims=in_dims)
            _try_vmap(f"tasks[{i}].loss", loss, outputs[i], _stack_twice(split.targets[task.name]), stacked_mask)


def _stack_twice(tensor: Tensor) -> Tensor:
    return torch.stack([tensor[:2].to("cpu")] * 2)


def _try_vmap(path: str, function: Callable[..., Any], *arguments: object) -> Any:
    try:
        return function(*arguments)
    except RuntimeError as error:
        rule = "cannot be computed for several runs at once"
        fix = "Take another, or train one by one."
        raise InputError(path, rule, found=shorten(error, 120), fix=fix) from None
