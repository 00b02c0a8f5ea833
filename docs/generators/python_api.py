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
    is_spec = issubclass(value, Spec)  # its fields stand in the reference of the spec
    options = () if is_spec else ("members", "inherited-members: Exception, ValueError", "undoc-members")
    signature = "()" if is_spec else ""
    return f".. autoclass:: mtl_core.{name}{signature}\n" + "".join(f"   :{option}:\n" for option in options[:1])
