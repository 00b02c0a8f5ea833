"""Runs as offline runs of Weights & Biases: the records in their files, as its library defines them."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from wandb.proto.wandb_internal_pb2 import Record

from mtl_core.export.trackers.tracked_run import read_run
from mtl_core.export.trackers.wandb import write_runs
from mtl_core.store import RunStore

_FILE_HEADER, _RECORD_HEADER, _BLOCK = 7, 7, 32768


@pytest.mark.slow
def test_the_file_of_an_offline_run_holds_settings_and_points(store: RunStore, runs: list[int], tmp_path: Path) -> None:
    write_runs([read_run(store, run) for run in runs], tmp_path)
    folders = sorted((tmp_path / "wandb").glob("offline-run-*"))
    assert len(folders) == 2
    records = [_records(next(folder.glob("*.wandb"))) for folder in folders]
    names = {record.run.display_name for own in records for record in own if record.HasField("run")}
    assert names == {"two digits 1", "two digits 2"}
    for own in records:
        rows = [
            {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
            for record in own
            if record.HasField("history")
        ]
        assert [row["_step"] for row in rows] == [0, 1, 2, 3, 4, 5]
        assert rows[3]["left/val/accuracy"] == pytest.approx(0.3)
        config = {update.key or update.nested_key[0] for record in own for update in record.run.config.update}
        assert "training.seed" in config
    assert all((folder / "files" / "experiment.yaml").is_file() for folder in folders)


def _records(file: Path) -> list[Any]:
    """The records of a file: protocol buffers in the log format of LevelDB, behind a header of seven bytes."""
    data, place, parts, records = file.read_bytes(), _FILE_HEADER, [], []
    while place + _RECORD_HEADER <= len(data):
        if _BLOCK - place % _BLOCK < _RECORD_HEADER:  # the rest of a block
            place += _BLOCK - place % _BLOCK
            continue
        _, length, kind = struct.unpack_from("<IHB", data, place)
        place += _RECORD_HEADER
        parts.append(data[place : place + length])
        place += length
        if kind in (1, 4):  # a whole record, or the last part of one
            record = Record()
            record.ParseFromString(b"".join(parts))
            records.append(record)
            parts = []
    return records
