"""Presets: the experiments that come with the application."""

from functools import cache
from importlib import resources

from mtl_core.errors import InputError
from mtl_core.spec.experiment import ExperimentSpec, spec_from_data
from mtl_core.spec.io.yaml_text import parse_yaml

_FOLDER = resources.files("resources") / "presets"


def preset_names() -> tuple[str, ...]:
    """The names of all presets, in alphabetical order."""
    return tuple(sorted(p.name.removesuffix(".yaml") for p in _FOLDER.iterdir() if p.name.endswith(".yaml")))


@cache
def load_preset(name: str) -> ExperimentSpec:
    """Loads a preset by its name.

    Raises:
        InputError: There is no such preset.
    """
    if name not in preset_names():
        raise InputError(name, "there is no such preset", fix="Presets: " + ", ".join(preset_names()) + ".")
    text = (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return spec_from_data(parse_yaml(text, name), name)
