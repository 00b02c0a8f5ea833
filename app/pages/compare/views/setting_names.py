"""Titles and values of settings, and the texts of the chips; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.formatting import elide_middle
from app.tables import experiment_name
from mtl_core.analysis.comparison import setting_text
from mtl_core.analysis.method_titles import short_method_title
from mtl_core.spec.io.diff import ABSENT
from mtl_core.spec.paths import Key, parse

if TYPE_CHECKING:
    from app.pages.compare.views.compared_run import ComparedRun

_SEED, _WEIGHTING, _DATA = "training.seed", "weighting.kind", "dataset.name"
_MAX_PARTS, _MAX_PART_LENGTH, _MAX_NAME_LENGTH = 3, 22, 24
_MAX_NAMED_RUNS = 8
_OMITTED_SECTIONS = ("tasks", "model", "dataset", "version", "name")
"""Sections that differ in dozens of settings at once; the table of settings has them all."""
_UNTITLED_SECTIONS = ("training", "model")
"""Sections whose title is omitted from the title of a setting."""


def setting_title(path: str, specs: Sequence[Any] = ()) -> str:
    """Title of a setting as in the forms: ``Optimizer · Learning rate``, ``left · Loss``.

    Args:
        path: Path of the setting in the spec.
        specs: Experiments; if none has the setting, its path is spelled out.
    """
    keys = parse(path)
    named = len({tuple(task.name for task in spec.tasks) for spec in specs}) < 2
    for spec in specs:
        if (titles := _titles(spec, keys, named=named)) is not None:
            return _join_titles(titles)
    return _join_titles(
        [
            str(key + 1) if isinstance(key, int) else _title_from_key(key)
            for key in keys
            if key not in _UNTITLED_SECTIONS
        ]
    )


def chip_texts(entries: Sequence[ComparedRun], settings: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Text of each run's chip: its number, its name, and the settings that distinguish it.

    Args:
        entries: The runs.
        settings: The differing settings of each run by their path, in the order of the document.
    """
    same_name = len({experiment_name(entry.run) for entry in entries}) < 2
    named = (
        not same_name or len(entries) <= _MAX_NAMED_RUNS
    )  # of many runs the chips are short, and a name they share says nothing
    return tuple(_chip(entry, own, named=named) for entry, own in zip(entries, settings, strict=True))


def _chip(entry: ComparedRun, own: Mapping[str, Any], *, named: bool) -> str:
    parts = [f"{entry.run.baseline} alone"] if entry.run.baseline else []
    specs = () if entry.spec is None else (entry.spec,)
    if _WEIGHTING in own and not parts:
        parts.append(short_method_title(str(own[_WEIGHTING])))
    implied = _WEIGHTING in own or bool(entry.run.baseline)  # settings of another method differ with it
    differing = [path for path in own if path != _SEED and not _is_hidden(path, implied=implied)]
    if (
        _DATA in own or "dataset.kind" in own or "dataset.path" in own
    ):  # experiments of other data differ in nearly all settings: their names tell them apart
        differing = []
    for path in differing:
        if own[path] is not ABSENT and len(parts) < _MAX_PARTS:
            name = setting_title(path, specs).rpartition(" · ")[2]
            parts.append(elide_middle(f"{name.lower()} {setting_text(own[path])}", _MAX_PART_LENGTH))
    if _SEED in own:
        parts.append(f"seed {setting_text(own[_SEED])}")
    names = [elide_middle(experiment_name(entry.run), _MAX_NAME_LENGTH)] if named or not parts else []
    return " · ".join([f"run {entry.run.id}", *names, *parts])


def _is_hidden(path: str, *, implied: bool) -> bool:
    section = parse(path)[0]
    return section in _OMITTED_SECTIONS or (section == "weighting" and implied)


def _title_from_key(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _join_titles(titles: Sequence[str]) -> str:
    return " · ".join(dict.fromkeys(titles))


def _titles(spec: Any, keys: Sequence[Key], *, named: bool) -> list[str] | None:
    """Titles of the fields on a path through an experiment; None if it has no such path.

    Args:
        spec: The experiment.
        keys: The path.
        named: Whether tasks are named; else they are numbered, as the experiments have different tasks.
    """
    titles: list[str] = []
    value = spec
    for depth, key in enumerate(keys):
        fields = getattr(type(value), "model_fields", {})
        if isinstance(key, str) and key in fields:
            title = fields[key].title or _title_from_key(key)
            value = getattr(value, key)
            is_entry = isinstance(value, tuple | list | dict) and key in ("tasks", "heads")
            implied = key == "kind" and titles and keys[0] != "tasks"  # it is the section's own value
            if not is_entry and not implied and not (depth == 0 and key in _UNTITLED_SECTIONS):
                titles.append(title)
        elif isinstance(value, Mapping) and key in value:
            value = value[key]
            titles.append(str(key))
        elif isinstance(value, tuple | list) and isinstance(key, int) and key < len(value):
            value = value[key]
            titles.append(_item_title(value, key, named=named))
        else:
            return None
    return titles


def _item_title(item: Any, index: int, *, named: bool) -> str:
    """Title of a list item: a task, a layer, or a plain value."""
    if name := getattr(item, "name", None):
        return str(name) if named else f"task {index + 1}"
    return f"layer {index + 1}" if hasattr(item, "kind") else str(index + 1)
