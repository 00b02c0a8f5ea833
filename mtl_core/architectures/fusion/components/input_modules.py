"""Modules and parameters by the name of an input."""

from collections.abc import Mapping

from torch import nn


def is_in_encoder(module_name: str, name: str) -> bool:
    """Whether a module of a model, by its name in it, belongs to the encoder of an input."""
    return f".input_{name}." in f".{module_name}."


class InputModules(nn.ModuleDict):
    """A module dict with one module for each input, by its name.

    Args:
        modules: In the order of the inputs.
    """

    def __init__(self, modules: Mapping[str, nn.Module]) -> None:
        # The prefix keeps an input called "train" or "type" from colliding with an attribute of the module.
        super().__init__({f"input_{name}": module for name, module in modules.items()})

    def for_input(self, name: str) -> nn.Module:
        """The input's module."""
        return self[f"input_{name}"]


class InputParameters(nn.ParameterDict):
    """A parameter dict with one parameter for each input, by its name.

    Args:
        parameters: In the order of the inputs.
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter]) -> None:
        super().__init__({f"input_{name}": parameter for name, parameter in parameters.items()})

    def for_input(self, name: str) -> nn.Parameter:
        """The input's parameter."""
        parameter: nn.Parameter = self[f"input_{name}"]
        return parameter
