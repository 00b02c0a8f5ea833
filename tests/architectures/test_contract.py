"""Every kind of layer and sharing scheme has a builder, and every layer keeps its contract.

Covers: mtl_core/architectures/build.py, mtl_core/architectures/layers/registry.py,
mtl_core/architectures/layers/input_rules.py, mtl_core/architectures/layers/layer_kind.py,
mtl_core/architectures/layers/kinds/, mtl_core/architectures/layers/modules/, mtl_core/spec/layers/.
"""

from collections import Counter
from itertools import chain
from pathlib import Path
from pkgutil import iter_modules

import pytest
import torch
from pydantic import TypeAdapter

from mtl_core.architectures import BLOCKS, KINDS, SCHEMES, build_model, describe_model, sharing
from mtl_core.architectures.layers.registry import layer_detail
from mtl_core.spec import LAYER_GROUPS, Layer, ModelSpec, Spec, TargetInfo, kind_of, members, spec_to_data
from mtl_core.spec.layers import Linear
from mtl_core.spec.sharing import BaseSharing, Sharing
from tests.architectures.folders import with_defaults
from tests.architectures.tables import TABLE
from tests.inputs import as_table

TARGETS = {"t": TargetInfo(name="t", kind="multiclass", classes=("a", "b", "c"))}
SHAPES: tuple[tuple[int, ...], ...] = ((16,), (16, 16), (16, 12, 12), TABLE)
every_kind = pytest.mark.parametrize("kind", members(Layer), ids=lambda kind: kind.title)


def test_every_kind_of_layer_has_an_entry() -> None:
    assert set(KINDS) | set(BLOCKS) == set(members(Layer))


def test_the_menu_of_layers_lists_every_kind_once() -> None:
    assert Counter(chain.from_iterable(LAYER_GROUPS.values())) == Counter(members(Layer))


def test_every_sharing_scheme_has_a_module_and_no_other_module_stands_there() -> None:
    assert [module.name for module in iter_modules(sharing.__path__)] == sorted(SCHEMES)
    assert set(SCHEMES) == set(map(kind_of, members(Sharing)))


@pytest.mark.parametrize("scheme", members(Sharing), ids=kind_of)
def test_a_sharing_scheme_records_the_series_that_its_class_names(scheme: type[BaseSharing]) -> None:
    layers = tuple(Linear(out_features=4) for _ in range(2))
    model = build_model(ModelSpec(sharing=scheme(), shared=layers), {"table": (3,)}, {"left": 1, "right": 2})  # type: ignore[arg-type]
    model(as_table(torch.randn(4, 3)))
    recorded = {series for _, metric in model.sharing_metrics() for series in scheme.learns if series.read(metric)}
    assert all(any(series.read(metric) for series in scheme.learns) for _, metric in model.sharing_metrics())
    assert bool(recorded) == bool(scheme.learns)


@every_kind
def test_a_layer_survives_the_way_through_a_file(kind: type[Spec]) -> None:
    layer = kind()
    read: Spec = TypeAdapter(Layer).validate_json(layer.model_dump_json())
    assert read == layer
    assert TypeAdapter(Layer).validate_python(spec_to_data(layer)) == layer


@every_kind
def test_a_layer_has_a_title_and_a_detail_for_each_of_its_main_settings(kind: type[Spec]) -> None:
    detail = layer_detail(kind())
    for name in ("out_features", "out_channels", "kernel_size", "num_groups", "p", "negative_slope"):
        if name in kind.model_fields:
            assert str(kind.model_fields[name].default) in detail
    assert kind.title
    assert kind.help()


@every_kind
def test_a_layer_with_its_defaults_fits_some_input_and_trains(kind: type[Spec], tmp_path: Path) -> None:
    layer = with_defaults(kind, tmp_path)
    fitting = [s for s in SHAPES if not describe_model(ModelSpec(shared=(layer,)), {"table": s}, TARGETS).problems]
    assert fitting
    for shape in fitting:
        info = describe_model(ModelSpec(shared=(layer,)), {"table": shape}, TARGETS)
        model = build_model(ModelSpec(shared=(layer,)), {"table": shape}, {"t": 3})
        inputs = torch.randn(4, *shape)
        assert tuple(model.features(as_table(inputs))[0].shape[1:]) == info.shared[0].output_shape
        sum(output.sum() for output in model(as_table(inputs))).backward()
        assert all(p.grad is not None for p in model.parameters())
        assert sum(p.numel() for p in model.parameters()) == info.parameters
