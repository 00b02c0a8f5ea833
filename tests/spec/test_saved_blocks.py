"""Blocks of layers that are saved for other experiments."""

import json
from pathlib import Path

import pytest

from mtl_core.errors import InputError, StoreError, WorkbenchError
from mtl_core.spec.io.saved_blocks import blocks_file, load_blocks, remove_block, save_block

LINEAR, RELU = {"kind": "linear", "out_features": 8}, {"kind": "relu"}


def test_a_block_is_saved_replaced_and_removed() -> None:
    assert load_blocks() == {}
    save_block(" Größe ", [LINEAR, RELU])
    save_block("b", [RELU])
    assert load_blocks() == {"Größe": [LINEAR, RELU], "b": [RELU]}
    save_block("b", [LINEAR])
    remove_block("Größe")
    remove_block("never there")
    assert load_blocks() == {"b": [LINEAR]}
    assert [path.name for path in blocks_file().parent.glob("*blocks*")] == ["blocks.json"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_block_needs_a_name_and_layers(name: str) -> None:
    with pytest.raises(InputError, match="1 to 100 characters"):
        save_block(name, [RELU])
    with pytest.raises(InputError, match="none to save"):
        save_block("a", [])
    assert not blocks_file().exists()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"version": 2}', '{"version": 2, "blocks": {"a": [1]}}', "\x00"])
def test_a_damaged_file_is_told_and_never_replaced(content: str) -> None:
    blocks_file().parent.mkdir(parents=True, exist_ok=True)
    blocks_file().write_text(content, "utf-8")
    with pytest.raises(StoreError, match="is damaged"):
        load_blocks()
    with pytest.raises(StoreError, match="is damaged"):
        save_block("a", [RELU])
    assert blocks_file().read_text("utf-8") == content


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("MTL_WORKBENCH_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(WorkbenchError):
        save_block("a", [RELU])


def test_a_file_of_a_newer_version_is_not_read() -> None:
    blocks_file().parent.mkdir(parents=True, exist_ok=True)
    blocks_file().write_text(json.dumps({"version": 99, "blocks": {}}), "utf-8")
    with pytest.raises(StoreError, match="newer version"):
        load_blocks()
