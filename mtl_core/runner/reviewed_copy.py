"""The copy of the list of reviewed rows that a run keeps, so that it is resumed and evaluated with the same rows."""

from pathlib import Path

from mtl_core.files import write_text
from mtl_core.spec import ExperimentSpec
from mtl_core.store import RunStore
from mtl_core.tabular.reviewed_list import read_reviewed_list

ARTIFACT_KIND = "reviewed"
"""Kind of the artifact."""
_NAME = "reviewed.jsonl"


def keep_reviewed_list(store: RunStore, run: int, spec: ExperimentSpec) -> ExperimentSpec:
    """Copy the list of an experiment into the folder of its run, unless that was done, and return it with the copy.

    Raises:
        InputError: There is no such list, or a line is not valid.
        EnvironmentFault: The copy cannot be written.
    """
    if spec.dataset.reviewed is None:
        return spec
    kept = _kept_list(store, run)
    if not kept.exists():
        lines = read_reviewed_list(spec.dataset.reviewed).lines
        write_text(kept, "".join(f"{line.text()}\n" for _, line in lines))
        store.add_artifact(run, ARTIFACT_KIND, kept)
    return _with_list(spec, kept)


def with_kept_list(store: RunStore, run: int, spec: ExperimentSpec) -> ExperimentSpec:
    """Return an experiment with the copy of the list that its run keeps, if there is one."""
    if spec.dataset.reviewed is None:
        return spec
    kept = _kept_list(store, run)
    return _with_list(spec, kept) if kept.exists() else spec


def _kept_list(store: RunStore, run: int) -> Path:
    return store.artifacts_dir(run) / _NAME


def _with_list(spec: ExperimentSpec, path: Path) -> ExperimentSpec:
    return spec.model_copy(update={"dataset": spec.dataset.model_copy(update={"reviewed": str(path)})})
