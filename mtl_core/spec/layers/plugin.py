"""The base of layers that other packages add."""

from typing import ClassVar

from mtl_core.spec.base import Spec


class PluginLayer(Spec):
    """Base class of layers that other packages add."""

    builder: ClassVar[str] = ""
    """The module whose ``build(layer, shape)`` makes the layer's module, for a shape without the batch.

    It may also have ``check(layer, shape)``, which says why the layer cannot take a shape (else any shape goes), and
    ``detail(layer)``, its settings as a few words for the diagram.
    """
