"""The time from an edit on the Model page until the shapes of the layers are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from app.pages.model.templates import TEMPLATES, template_settings
from mtl_core.spec import load_preset, save_spec, set_at, spec_from_data, spec_to_data
from tests.benchmarks.window import Window
from tests.benchmarks.workloads import table

SHAPES_GOAL = 0.15


@dataclass(frozen=True)
class Shapes:
    """What edits of one model took.

    Attributes:
        model: Its name.
        seconds: From each edit to its shapes.
        window_cpu: Processor time of the window for an edit, in seconds.
        worker_cpu: Processor time of its worker for an edit, in seconds.
    """

    model: str
    seconds: tuple[float, ...]
    window_cpu: float
    worker_cpu: float

    @property
    def median(self) -> float:
        """The median time from an edit to its shapes."""
        return median(self.seconds)


def time_shapes(folder: Path, edits: int) -> list[Shapes]:
    """Edit a small MLP, the talents preset, a packed TabM, an FT-Transformer and a small ViT in the real window."""
    found = []
    for name, (data, path) in _models(folder).items():
        file = folder / f"{name}.yaml"
        save_spec(spec_from_data(data), file)
        with Window(folder / name, folder / f"{name}.sqlite", file) as window:
            window.wait_for("ready")
            window.ask("visit model")
            values = [64 + 8 * (edit % 2) for edit in range(1, edits + 2)]
            answers = [window.ask(f"edit {path} {value}") for value in values][1:]  # the first loads what others reuse
        seconds = tuple(float(answer["seconds"]) for answer in answers)
        cpu = {who: sum(float(answer[who]) for answer in answers) / edits for who in ("window", "worker")}
        found.append(Shapes(name, seconds, cpu["window"], cpu["worker"]))
    return found


def _models(folder: Path) -> dict[str, tuple[dict[str, Any], str]]:
    """The experiments, each with the path of the number that is edited."""
    rows = spec_to_data(table(folder, 1).spec)
    talents, digits = (spec_to_data(load_preset(name)) for name in ("talents", "multidigits"))
    packed = _with_template(rows, "tabm", image=False)
    layers = packed["model"]["shared"]
    packed = set_at(packed, "model.shared", [_packed(layer) if layer["kind"] == "tabm" else layer for layer in layers])
    cases = {
        "MLP": (rows, ()),
        "talents": (talents, ("model", "inputs", "behavior")),
        "TabM": (packed, ()),
        "FT-Transformer": (_with_template(rows, "ft-transformer", image=False), ()),
        "ViT": (_with_template(digits, "vit-small", image=True), ()),
    }
    return {name: (data, _width(data, keys or ("model", "shared"))) for name, (data, keys) in cases.items()}


def _packed(layer: dict[str, Any]) -> dict[str, Any]:
    return {**layer, "variant": "packed", "members": 32}


def _with_template(data: dict[str, Any], name: str, *, image: bool) -> dict[str, Any]:
    template = next(one for one in TEMPLATES if one.name == name)
    settings = template_settings(template, [task["name"] for task in data["tasks"]], image=image)
    for path, value in settings.items():
        data = set_at(data, path, value)
    return data


def _width(data: dict[str, Any], keys: Sequence[str]) -> str:
    """The path of the first width in a list of layers."""
    layers: Any = data
    for key in keys:
        layers = layers[key]
    for at, layer in enumerate(layers):
        for setting in ("out_features", "dimensions"):
            if isinstance(layer.get(setting), int):
                return f"{'.'.join(keys)}[{at}].{setting}"
    raise ValueError(f"no layer of {'.'.join(keys)} has a width")
