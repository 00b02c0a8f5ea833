"""The kinds of layers of other installed packages, whose builder modules are imported on first use."""

from torch import nn

from mtl_core.architectures.layers.faults import Fault
from mtl_core.architectures.layers.layer_kind import Kinds, LayerKind
from mtl_core.errors import EnvironmentFault
from mtl_core.plugins import builder_of
from mtl_core.spec import layers as spec
from mtl_core.spec import members
from mtl_core.spec.reports import Shape


def _plugin_kind(spec_class: type[spec.PluginLayer]) -> LayerKind:
    def build(layer: spec.PluginLayer, shape: Shape) -> nn.Module:
        module = builder_of(spec_class).build(layer, shape)
        if isinstance(module, nn.Module):
            return module
        rule = f"{spec_class.builder}.build must return a torch.nn.Module"
        raise EnvironmentFault("model", rule, found=module, fix="Update the package of the layer.")

    def check(layer: spec.PluginLayer, shape: Shape) -> Fault | None:
        reason = getattr(builder_of(spec_class), "check", lambda *_: None)(layer, shape)
        return None if reason is None else Fault(str(reason))

    def detail(layer: spec.PluginLayer) -> str:
        return str(getattr(builder_of(spec_class), "detail", lambda _: "")(layer))

    return LayerKind(build, check, detail)


KINDS: Kinds = {layer: _plugin_kind(layer) for layer in members(spec.Layer) if issubclass(layer, spec.PluginLayer)}
