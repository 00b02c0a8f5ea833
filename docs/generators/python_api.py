"""The reference of the Python interface: the public names of ``mtl_core``, by their docstrings."""

import inspect
from itertools import starmap

import mtl_core
from mtl_core.spec import Spec


def python_api() -> str:
    """Directives that take the docstrings of all public names."""
    names = {name: getattr(mtl_core, name) for name in sorted(mtl_core.__all__) if not name.startswith("_")}
    return "```{eval-rst}\n" + "\n".join(starmap(_directive, names.items())) + "```"


def _directive(name: str, value: object) -> str:
    if not inspect.isclass(value):
        return f".. autofunction:: mtl_core.{name}\n"
    if issubclass(value, Spec):  # its fields stand in the reference of the spec
        return f".. autoclass:: mtl_core.{name}()\n"
    return f".. autoclass:: mtl_core.{name}\n   :members:\n   :inherited-members: Exception, ValueError\n"
