"""Folders of models: specs, weights and a manifest of one or several runs, readable without the store; no pickle."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from mtl_core.datasets.data import TaskData
from mtl_core.errors import InputError, StoreError, file_error
from mtl_core.evaluation.ensemble import SavedRun, load_predictor
from mtl_core.files import atomic_folder, check_new_folder, write_text
from mtl_core.plugins import missing_package
from mtl_core.spec import ExperimentSpec, load_spec, save_spec
from mtl_core.tabular.reviewed_list import SUFFIX, append_lines, read_reviewed_list
from mtl_core.training.persistence.checkpoints import Checkpoint
from mtl_core.training.runtime.devices import versions
from mtl_core.training.transfer.heads import data_header

FORMAT = 1
MANIFEST = "manifest.json"
_NAME = re.compile(r"[\w-]+\.(yaml|safetensors)")
"""Names of files in the folder; a manifest must not refer to other paths."""


def save_models(saved: Sequence[SavedRun], folder: Path, *, force: bool = False) -> None:
    """Write the models of runs to a folder, atomically.

    The folder contains ``manifest.json`` (format, digest of the data, members, and preprocessing of new rows) and for
    each member its experiment as YAML and its weights as safetensors. The device of the experiments is ``auto``.

    Args:
        saved: One run, or several of the same tasks and data.
        folder: The folder; must not exist yet.
        force: Replace the folder if it is one of models; any other is not changed.

    Raises:
        InputError: The folder exists or cannot be written, the runs have different tasks or data, a checkpoint is
            incomplete, or the data has changed.
    """
    check_place(folder, force=force)
    data = load_predictor(saved, torch.device("cpu")).data  # so that only readable models are written
    with atomic_folder(folder) as new:
        _write(saved, data, new)


def check_place(folder: Path, *, force: bool = False) -> None:
    """Check that models can be written to a folder.

    Raises:
        InputError: Something exists there that may not be replaced.
    """
    check_new_folder(folder, marker=MANIFEST, what="a folder of models", force=force)


def load_models(folder: Path) -> tuple[SavedRun, ...]:
    """Load the runs of a folder of models.

    Raises:
        InputError: It is not a folder of models, or a package that an experiment needs is not installed.
        StoreError: It is incomplete, or a newer version wrote it.
    """
    manifest = _manifest(folder)
    members = _members(manifest)
    if not members:
        raise _damaged_error(folder / MANIFEST)
    digest, recorded = manifest["fingerprint"], manifest.get("versions")
    recorded = recorded if isinstance(recorded, dict) else {}
    return tuple(
        SavedRun(run, _spec(folder / spec, recorded), folder / weights, digest) for run, spec, weights in members
    )


def _spec(path: Path, recorded: Mapping[str, str]) -> ExperimentSpec:
    try:
        return load_spec(path)
    except InputError as error:
        if missing := missing_package(error.problems, recorded):
            raise missing from None
        problem = error.problem
        raise _damaged_error(path, problem.rule if problem.path == str(path) else str(problem)) from None


def load_preprocessing(folder: Path) -> dict[str, Any]:
    """Load the preprocessing for new rows from a folder of models; the training rows are not needed.

    Raises:
        InputError: It is not a folder of models.
        StoreError: It is incomplete, or a newer version wrote it.
    """
    match _manifest(folder):
        case {"preprocessing": {"kind": str(), "targets": dict()} as preprocessing}:
            return dict(preprocessing)
    raise _damaged_error(folder / MANIFEST)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(str(folder), f"is not a folder of models: it has no {MANIFEST}") from None
    except OSError as error:
        raise file_error(folder, "cannot be read", error) from None
    except (ValueError, RecursionError):
        raise _damaged_error(folder / MANIFEST) from None
    version = manifest.get("format") if isinstance(manifest, dict) else None
    if version != FORMAT:
        raise StoreError(str(folder), f"must be a folder of models of format {FORMAT}", found=version)
    return dict(manifest)


def _members(manifest: Mapping[str, Any]) -> list[tuple[int, str, str]]:
    """Return number, spec file and weights file of each member; empty if the manifest is damaged."""
    match manifest:
        case {"fingerprint": str(), "members": [*members]}:
            valid = [(m["run"], m["spec"], m["weights"]) for m in members if _is_member(m)]
            return valid if len(valid) == len(members) else []
    return []


def _is_member(member: Any) -> bool:
    match member:
        case {"run": int(), "spec": str() as spec, "weights": str() as weights}:
            return bool(_NAME.fullmatch(spec) and _NAME.fullmatch(weights))
    return False


def _damaged_error(path: Path, found: str | None = None) -> StoreError:
    return StoreError(str(path), "is incomplete or damaged", found=found, fix="Export the runs again.")


def _write(saved: Sequence[SavedRun], data: TaskData, folder: Path) -> None:
    manifest = {
        "format": FORMAT,
        "versions": {name: text for run in saved for name, text in versions(run.spec).items()},
        "fingerprint": saved[0].fingerprint,
        "members": [_save_member(run, data, folder) for run in saved],
        "preprocessing": data.preprocessing,
    }
    write_text(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))


def _save_member(saved: SavedRun, data: TaskData, folder: Path) -> dict[str, Any]:
    spec = saved.spec.model_copy(update={"training": saved.spec.training.model_copy(update={"device": "auto"})})
    names = {"spec": f"run-{saved.run}.yaml", "weights": f"run-{saved.run}.safetensors"}
    if spec.dataset.reviewed is not None:
        name = f"run-{saved.run}{SUFFIX}"
        append_lines(folder / name, (line for _, line in read_reviewed_list(spec.dataset.reviewed).lines))
        spec = spec.model_copy(update={"dataset": spec.dataset.model_copy(update={"reviewed": name})})
    save_spec(spec, folder / names["spec"])
    model = Checkpoint.load(saved.checkpoint).parts.get("model", {})
    Checkpoint({"model": model}, data_header(data, saved.spec.tasks)).save(folder / names["weights"])
    return {"run": saved.run, "name": spec.name, "seed": spec.training.seed, **names}
