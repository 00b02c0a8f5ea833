"""Reads and writes spec files (YAML)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mtl_core.errors import InputError, file_error
from mtl_core.files import write_text
from mtl_core.spec.data.dataset import DATASET_KINDS
from mtl_core.spec.experiment import ExperimentSpec, spec_from_data, spec_to_data
from mtl_core.spec.io.yaml_text import MAX_BYTES, data_to_yaml, parse_yaml
from mtl_core.spec.paths import Key, parse


def load_spec_data(path: str | Path) -> Any:
    """Loads the plain data of a spec file without validating it; relative file paths in it are made absolute.

    Raises:
        InputError: There is no such file, or it is not YAML.
        EnvironmentFault: It may not be read.
    """
    path = Path(path)
    data = parse_yaml(_read(path), str(path))
    for place, kind, name in _FILES:
        data = _absolute(data, parse(place), kind, name, path.parent.resolve())
    return data


def _read(path: Path) -> str:
    """Reads the text of a file, up to the maximum size of a spec: a device may have no end."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise InputError(str(path), f"must be a spec file of at most {MAX_BYTES} bytes", found="more")
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(str(path), "there is no such file") from None
    except IsADirectoryError:
        raise InputError(str(path), "must be a spec file, it is a folder") from None
    except UnicodeDecodeError:
        raise InputError(str(path), "must be a YAML file in UTF-8") from None
    except ValueError as error:  # a NUL character in the name
        raise InputError(str(path), "must be a file name", found=error) from None
    except OSError as error:
        raise file_error(path, "cannot be read", error) from None


_FILES = (
    ("dataset", "table", "path"),
    ("dataset.join.*", None, "path"),
    ("dataset", "query", "url"),
    ("dataset", "arrays", "path"),
    ("dataset", "image_folder", "path"),
    ("dataset", "image_folder", "labels"),
    *(("dataset", kind, "reviewed") for kind in DATASET_KINDS),
    ("dataset.text", None, "tokenizer"),
    ("dataset.inputs.*", "text", "tokenizer"),
    ("training.start_from", "from_file", "path"),
    ("model.inputs.*.*", "pretrained", "path"),
    ("model.shared.*", "pretrained", "path"),
    ("model.heads.*.*", "pretrained", "path"),
)
"""The settings that hold the path of a file or folder: path of the part, its kind (None if it has no kinds) and name of
the setting; ``*`` stands for every entry of a list or mapping."""


def _absolute(data: Any, keys: Sequence[Key], kind: str | None, name: str, folder: Path) -> Any:
    """Makes the relative path at a place of the data absolute; an empty path stays empty."""
    if keys:
        first, *rest = keys
        if isinstance(data, dict):
            return {k: _absolute(v, rest, kind, name, folder) if first in ("*", k) else v for k, v in data.items()}
        if isinstance(data, list) and first == "*":
            return [_absolute(value, rest, kind, name, folder) for value in data]
        return data
    if not isinstance(data, dict):
        return data
    if isinstance(layers := data.get("layers"), list):  # of a residual block
        data = {**data, "layers": [_absolute(layer, (), kind, name, folder) for layer in layers]}
    path = data.get(name) if data.get("kind") == kind else None
    if not isinstance(path, str) or not path:
        return data
    return {**data, name: _absolute_url(path, folder) if name == "url" else str(folder / path)}


def _absolute_url(url: str, folder: Path) -> str:
    """Makes the relative path of a file of SQLite absolute; other URLs stay as they are."""
    prefix, separator, path = url.partition(":///")
    if not prefix.startswith("sqlite") or not separator or path.startswith(("/", "${", ":memory:")) or not path:
        return url
    return f"{prefix}{separator}{(folder / path).as_posix()}"


def load_spec(path: str | Path) -> ExperimentSpec:
    """Loads an experiment from a YAML file; one without a name gets that of its file.

    Raises:
        InputError: The file cannot be read, is not YAML, or is not an experiment.
    """
    data = load_spec_data(path)
    if isinstance(data, dict) and "name" not in data and (stem := Path(path).stem.strip()):
        data = {"name": stem[:200], **data}
    return spec_from_data(data, str(path))


def dump_spec(spec: ExperimentSpec, *, ascii_only: bool = False) -> str:
    """Formats an experiment as YAML, with all defaults."""
    return data_to_yaml(spec_to_data(spec), ascii_only=ascii_only)


def save_spec(spec: ExperimentSpec, path: str | Path) -> None:
    """Writes an experiment to a YAML file atomically.

    Raises:
        InputError: The folder does not exist, or the path is not that of a plain file.
        EnvironmentFault: The disk is full, or a permission is missing.
    """
    write_text(path, dump_spec(spec))
