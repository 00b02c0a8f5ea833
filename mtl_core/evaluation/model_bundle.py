"""One trained model, or several as one, in a folder that is read anywhere: specs, weights and a manifest; no pickle."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from mtl_core.datasets.data import TaskData
from mtl_core.errors import InputError, StoreError, file_error
from mtl_core.evaluation.ensemble import SavedRun, load_predictor
from mtl_core.files import exists, flush, write_error, write_text
from mtl_core.plugins import missing_package
from mtl_core.spec import ExperimentSpec, load_spec, save_spec
from mtl_core.training.persistence.checkpoints import Checkpoint
from mtl_core.training.runtime.devices import versions
from mtl_core.training.transfer.heads import data_header

FORMAT = 1
MANIFEST = "manifest.json"
_NAME = re.compile(r"[\w-]+\.(yaml|safetensors)")
"""A file of the folder itself, whatever somebody wrote into a manifest."""


def save_models(saved: Sequence[SavedRun], folder: Path, *, force: bool = False) -> None:
    """Write the models of some runs into a folder: whole, or not at all.

    The folder holds ``manifest.json`` (format, digest of the data, members, and what new rows need to be treated like
    the training rows) and for each member its experiment as YAML and its weights as safetensors. The device is left to
    whoever reads it.

    Args:
        saved: One run, or several of the same tasks and data.
        folder: Where; must not be there yet.
        force: Replace the folder if it is one of models; any other is left alone.

    Raises:
        InputError: The folder is there or cannot be written, the runs do not belong together, a checkpoint is not
            whole, or the data has changed.
    """
    check_place(folder, force=force)
    data = load_predictor(saved, torch.device("cpu")).data  # so that what is written can be read
    try:
        with TemporaryDirectory(prefix=".models-", dir=folder.parent, ignore_cleanup_errors=True) as beside:
            _write(saved, data, Path(beside) / "new")
            _put(Path(beside) / "new", folder, Path(beside) / "old")
            flush(folder.parent)
    except OSError as error:
        raise write_error(folder, error) from None


def check_place(folder: Path, *, force: bool = False) -> None:
    """See that models may be written to a folder.

    Raises:
        InputError: Something is there that may not be replaced.
    """
    if not exists(folder):
        return
    if not force:
        raise InputError(str(folder), "is there already", fix="Give another --out, or --force to overwrite it.")
    if folder.is_symlink() or not (folder / MANIFEST).is_file():
        raise InputError(str(folder), "is not a folder of models, and is left alone", fix="Give another --out.")


def load_models(folder: Path) -> tuple[SavedRun, ...]:
    """The runs whose models a folder holds.

    Raises:
        InputError: It is no such folder, or a package that an experiment in it needs is not installed.
        StoreError: It is not whole, or a newer version wrote it.
    """
    manifest = _manifest(folder)
    members = _members(manifest)
    if not members:
        raise _not_whole(folder / MANIFEST)
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
        raise _not_whole(path, problem.rule if problem.path == str(path) else str(problem)) from None


def load_preprocessing(folder: Path) -> dict[str, Any]:
    """What new rows need to be treated like the training rows of the models in a folder, without those rows.

    Raises:
        InputError: It is no such folder.
        StoreError: It is not whole, or a newer version wrote it.
    """
    match _manifest(folder):
        case {"preprocessing": {"kind": str(), "targets": dict()} as preprocessing}:
            return dict(preprocessing)
    raise _not_whole(folder / MANIFEST)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(str(folder), f"is not a folder of models: it has no {MANIFEST}") from None
    except OSError as error:
        raise file_error(folder, "cannot be read", error) from None
    except (ValueError, RecursionError):
        raise _not_whole(folder / MANIFEST) from None
    version = manifest.get("format") if isinstance(manifest, dict) else None
    if version != FORMAT:
        raise StoreError(str(folder), f"must be a folder of models of format {FORMAT}", found=version)
    return dict(manifest)


def _members(manifest: Mapping[str, Any]) -> list[tuple[int, str, str]]:
    """Number, file of the experiment and file of the weights of each; nothing where a manifest is not whole."""
    match manifest:
        case {"fingerprint": str(), "members": [*members]}:
            found = [(m["run"], m["spec"], m["weights"]) for m in members if _is_member(m)]
            return found if len(found) == len(members) else []
    return []


def _is_member(member: Any) -> bool:
    match member:
        case {"run": int(), "spec": str() as spec, "weights": str() as weights}:
            return bool(_NAME.fullmatch(spec) and _NAME.fullmatch(weights))
    return False


def _not_whole(path: Path, found: str | None = None) -> StoreError:
    return StoreError(str(path), "is not whole", found=found, fix="Export the runs again.")


def _write(saved: Sequence[SavedRun], data: TaskData, folder: Path) -> None:
    folder.mkdir()
    manifest = {
        "format": FORMAT,
        "versions": {name: text for one in saved for name, text in versions(one.spec).items()},
        "fingerprint": saved[0].fingerprint,
        "members": [_save_member(one, data, folder) for one in saved],
        "preprocessing": data.preprocessing,
    }
    write_text(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))


def _save_member(one: SavedRun, data: TaskData, folder: Path) -> dict[str, Any]:
    spec = one.spec.model_copy(update={"training": one.spec.training.model_copy(update={"device": "auto"})})
    names = {"spec": f"run-{one.run}.yaml", "weights": f"run-{one.run}.safetensors"}
    save_spec(spec, folder / names["spec"])
    model = Checkpoint.load(one.checkpoint).parts.get("model", {})
    Checkpoint({"model": model}, data_header(data, one.spec.tasks)).save(folder / names["weights"])
    return {"run": one.run, "name": spec.name, "seed": spec.training.seed, **names}


def _put(new: Path, folder: Path, old: Path) -> None:
    """Put a folder in its place, in one move where there is none yet; else the one there goes to ``old``."""
    if not folder.exists():
        new.rename(folder)
        return
    folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        old.rename(folder)
        raise
