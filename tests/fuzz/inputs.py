"""The kinds of damaged inputs, and the commands that read them."""

import io
import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
from safetensors import safe_open
from safetensors.torch import save_file

from mtl_core.spec import data_to_yaml, load_preset, preset_names, spec_to_data
from tests.bad_input.place import FINISHED, GOOD_SPEC, GOOD_TABLE, STOPPED, Place
from tests.fuzz.noise import ODD_VALUES, damaged_bytes, damaged_data
from tests.table_files import WRITERS

Commands = Iterator[tuple[Sequence[str], bool]]
"""Each with whether it may change files when it succeeds."""


def spec(rng: random.Random, place: Place) -> Commands:
    """A spec file damaged as data, as text or both."""
    data = GOOD_SPEC if rng.random() < 0.7 else _presets()[rng.randrange(len(_presets()))]
    as_text = rng.random() < 0.3
    content = _yaml(data if as_text and rng.random() < 0.5 else damaged_data(rng, data, _presets()))
    place.write_table()
    place.write_text(damaged_bytes(rng, content) if as_text else content)
    yield ["check", str(place.spec)], False


def setting(rng: random.Random, place: Place) -> Commands:
    """A setting of the command line, damaged."""
    place.write_spec()
    path = rng.choice(("training.epochs", "name", "model.shared[0].kind", "tasks", "weighting", "dataset.inputs[1]"))
    if rng.random() < 0.3:
        path = _text(damaged_bytes(rng, path.encode(), 2))
    value = _text(damaged_bytes(rng, _yaml(rng.choice(ODD_VALUES))))
    yield ["check", str(place.spec), f"--set={path}={value}"], False


def _text(content: bytes) -> str:
    """What a shell can hand on as an argument."""
    return content.decode("utf-8", "replace").replace("\0", "")


def table(rng: random.Random, place: Place) -> Commands:
    """A data file damaged."""
    place.write_table(damaged_bytes(rng, rng.choice(_tables()), 8))
    place.write_spec({"dataset.path": "homes.csv"})
    yield ["check", str(place.spec)], False


def checkpoint(rng: random.Random, place: Place) -> Commands:
    """A checkpoint damaged as bytes, or as tensors and values with and without a digest."""
    place.with_runs()
    run = rng.choice((FINISHED, STOPPED))
    path = place.checkpoint(run, rng.choice(("last", "best")) if run == FINISHED else "last")
    if rng.random() < 0.5:
        path.write_bytes(damaged_bytes(rng, path.read_bytes(), 3))
    else:
        _damage_content(rng, path)
    store = ["--store", str(place.store)]
    if run == FINISHED:
        yield ["evaluate", run, *store], False
        yield ["export", run, "--to", "models", "--out", str(place.folder / "models"), *store], True
    else:
        yield ["resume", run, *store], True


def store(rng: random.Random, place: Place) -> Commands:
    """A store with damaged rows, under every verb that reads it."""
    place.with_runs()
    with closing(sqlite3.connect(place.store)) as database, database:
        for _ in range(rng.randint(1, 3)):
            _damage_row(rng, database)
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    tail, out = ["--store", str(place.store)], str(place.folder / "out.csv")
    readers = (
        ["runs"], ["runs", "--json"], ["runs", "--filter", "state:finished"], ["show", FINISHED],
        ["show", STOPPED, "--json"], ["show", "last", "--spec"], ["compare", FINISHED, STOPPED], ["evaluate", FINISHED],
    )  # fmt: skip
    for words in readers:
        yield [*words, *tail], False
    for words in (["export", FINISHED, "--out", out], ["resume", STOPPED]):
        yield [*words, *tail], True


KINDS: dict[str, Callable[[random.Random, Place], Commands]] = {
    "specs": spec, "settings": setting, "data": table, "checkpoints": checkpoint, "stores": store,
}  # fmt: skip


def _damage_content(rng: random.Random, path: Path) -> None:
    with safe_open(path, framework="pt") as file:
        header, tensors = dict(file.metadata()), {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    if rng.random() < 0.7:
        header.pop("digest", None)  # as older versions wrote it: damage must be noticed by what it does
    for _ in range(rng.randint(1, 2)):
        name = rng.choice(sorted(tensors))
        match rng.randrange(7):
            case 0:
                del tensors[name]
            case 1:
                tensors[name + rng.choice((".x", "/0", "é"))] = tensors[name].clone()
            case 2:
                tensors[name] = tensors[name].reshape(-1).repeat(2)
            case 3:
                tensors[name] = tensors[name].double() if rng.randrange(2) else tensors[name].bool()
            case 4 if tensors[name].is_floating_point():
                tensors[name] = tensors[name] * float("nan")
            case _:
                values = damaged_data(rng, json.loads(header["mtl_workbench"]), most=2)
                header["mtl_workbench"] = json.dumps(values)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, header)


def _damage_row(rng: random.Random, database: sqlite3.Connection) -> None:
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    name = rng.choice([one for one in tables if not one.startswith(("sqlite_", "alembic"))])
    rows = [row for (row,) in database.execute(f"SELECT rowid FROM {name}")]
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({name})")]
    if not rows:
        return
    row, column = rng.choice(rows), rng.choice(columns)
    if rng.random() < 0.15:
        database.execute(f"DELETE FROM {name} WHERE rowid = ?", (row,))
        return
    (old,) = database.execute(f"SELECT {column} FROM {name} WHERE rowid = ?", (row,)).fetchone()
    odd: list[Any] = [
        b"\xff\xfe",
        "{",
        "[]",
        "null",
        "soon",
        "",
        -1,
        2**63 - 1,
        1e308,
        "../../escape",
        "x" * 5000,
        None,
    ]
    if isinstance(old, str | bytes):
        odd.append(damaged_bytes(rng, old.encode() if isinstance(old, str) else old))
    try:
        value = rng.choice(odd)
        cast = "CAST(? AS TEXT)" if isinstance(value, bytes) and isinstance(old, str) else "?"
        database.execute(f"UPDATE {name} SET {column} = {cast} WHERE rowid = ?", (value, row))
    except sqlite3.Error:
        return  # the schema does not let that damage happen


def _yaml(data: Any) -> bytes:
    return data_to_yaml(data).encode("utf-8", "surrogatepass")


_cache: dict[str, Any] = {}


def _presets() -> list[Any]:
    if "presets" not in _cache:
        _cache["presets"] = [spec_to_data(load_preset(name)) for name in preset_names()]
    return _cache["presets"]


def _tables() -> list[bytes]:
    if "tables" not in _cache:
        frame = pd.read_csv(io.StringIO(GOOD_TABLE))
        others = [write(frame) for title, write in WRITERS.items() if title != "CSV"]
        texts = [GOOD_TABLE.encode(code) for code in ("utf-8", "utf-16", "cp949")]
        semicolons = GOOD_TABLE.replace(",", ";").encode()
        _cache["tables"] = [*texts, texts[0], texts[0], semicolons, *others]
    return _cache["tables"]


def fresh(folder: Path, template: Path) -> Place:
    """An empty place, whatever was there before."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Place(folder, template)
