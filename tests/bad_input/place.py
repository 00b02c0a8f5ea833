"""A folder with a table, a spec and a store, and a digest that shows whether anything in it was changed."""

import copy
import hashlib
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.spec import data_to_yaml, load_spec, set_at

_COLUMNS = "area,rooms,city,price,sold"
_CITIES = ("Seoul", "Busan", "Daegu")
FINISHED, STOPPED = "1", "2"
"""The runs in the store of :meth:`Place.with_runs`."""


def _row(i: int) -> str:
    return f"{40 + i % 37},{1 + i % 5},{_CITIES[i % 3]},{100 + 3 * (i % 37) + i % 7},{'yes' if i % 2 else 'no'}"


GOOD_TABLE = "\n".join([_COLUMNS, *(_row(i) for i in range(60))]) + "\n"

GOOD_SPEC: dict[str, Any] = {
    "version": 1,
    "name": "homes",
    "dataset": {"kind": "table", "path": "homes.csv", "inputs": ["area", "rooms", "city"]},
    "tasks": [
        {"name": "price", "kind": "regression", "target": "price"},
        {"name": "sold", "kind": "binary", "target": "sold"},
    ],
    "model": {"shared": [{"kind": "linear", "out_features": 8}, {"kind": "relu"}]},
    "weighting": {"kind": "equal"},
    "training": {"epochs": 2, "batch_size": 16, "device": "cpu"},
}


@dataclass(frozen=True)
class Place:
    """Where a case happens.

    Attributes:
        folder: All that must stay as it was.
        template: A folder holding a store with runs, to be copied.
    """

    folder: Path
    template: Path

    @property
    def store(self) -> Path:
        """The store's file, which need not be there."""
        return self.folder / "runs.sqlite"

    @property
    def spec(self) -> Path:
        """The spec file, which need not be there."""
        return self.folder / "spec.yaml"

    @property
    def table(self) -> Path:
        """The table's file, which need not be there."""
        return self.folder / "homes.csv"

    def write_table(self, content: str | bytes = GOOD_TABLE, name: str = "homes.csv") -> Path:
        """A table's file."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def write_spec(self, changes: dict[str, Any] | None = None, *, drop: str = "") -> Path:
        """The good spec with some settings changed or one left out; the good table too, if there is none yet."""
        data: Any = copy.deepcopy(GOOD_SPEC)
        for path, value in (changes or {}).items():
            data = set_at(data, path, value)
        if drop:
            del data[drop]
        if not self.table.exists():
            self.write_table()
        return self.write_text(data_to_yaml(data))

    def write_text(self, text: str | bytes) -> Path:
        """A spec file of any content."""
        self.spec.write_bytes(text.encode() if isinstance(text, str) else text)
        return self.spec

    def with_runs(self) -> Path:
        """A store with a finished and a stopped run, beside their table and spec."""
        shutil.copytree(self.template, self.folder, dirs_exist_ok=True)
        return self.store

    def checkpoint(self, run: str, kind: str = "last") -> Path:
        """The file of a run's checkpoint."""
        return self.folder / "artifacts" / run / f"{kind}.safetensors"

    def digest(self) -> dict[str, str]:
        """What tells every change below the folder: each path with its mode and a hash of its content."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            found[str(path.relative_to(self.folder))] = f"{path.lstat().st_mode:o} {content}"
        return found


def make_runs(folder: Path) -> None:
    """A store with run 1, finished, and run 2, stopped after its first steps, beside their table and spec."""
    from mtl_core.runner.execution import execute
    from mtl_core.store import open_store

    place = Place(folder, folder)
    spec = load_spec(place.write_spec())
    ask = threading.Event()
    with open_store(place.store) as store:
        execute(store, store.create_run(spec))
        ask.set()
        execute(store, store.create_run(spec), stop=ask)
