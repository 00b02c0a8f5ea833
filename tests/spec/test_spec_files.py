"""Spec files: relative paths, files that are no spec, and encodings."""

import os
from pathlib import Path
from typing import Any

import pytest

from mtl_core.spec import InputError, load_spec, load_spec_data, parse_yaml, save_spec, spec_from_data


def test_a_relative_table_path_starts_at_the_spec_file(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    file = tmp_path / "specs" / "spec.yaml"
    file.write_text("dataset: {kind: table, path: ../houses.csv}", encoding="utf-8")
    assert Path(load_spec_data(file)["dataset"]["path"]).resolve() == tmp_path / "houses.csv"


def test_a_relative_path_of_the_shared_layers_starts_at_the_spec_file(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("training: {start_from: {kind: from_file, path: trunk.safetensors}}", encoding="utf-8")
    assert load_spec_data(file)["training"]["start_from"]["path"] == str(tmp_path / "trunk.safetensors")
    for other in ("training: {start_from: {kind: scratch}}", "training: 5", "training: {}", "dataset: [1]"):
        file.write_text(other, encoding="utf-8")
        load_spec_data(file)


def test_a_relative_folder_of_a_pretrained_model_starts_at_the_spec_file(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    layers = "[{kind: relu}, {kind: pretrained, path: vit}, {kind: pretrained, path: ''}, {kind: pretrained}, 5]"
    file.write_text(f"model: {{shared: {layers}, heads: {{a: {layers}, b: 3}}}}", encoding="utf-8")
    model = load_spec_data(file)["model"]
    assert [layer.get("path") for layer in model["shared"][:4]] == [None, str(tmp_path / "vit"), "", None]
    assert model["heads"] == {"a": model["shared"], "b": 3}
    for other in ("model: {shared: 5}", "model: {heads: [1]}", "model: [1]"):
        file.write_text(other, encoding="utf-8")
        load_spec_data(file)


def test_a_relative_folder_of_a_tokenizer_starts_at_the_spec_file(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("dataset: {kind: table, path: '', text: {tokenizer: bert}}", encoding="utf-8")
    assert load_spec_data(file)["dataset"] == {
        "kind": "table",
        "path": "",
        "text": {"tokenizer": str(tmp_path / "bert")},
    }
    for other in ("dataset: {text: 5}", "dataset: {text: {tokenizer: ''}}", "dataset: {text: {tokenizer: 5}}"):
        file.write_text(other, encoding="utf-8")
        assert load_spec_data(file) == parse_yaml(other)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"\xff\xfe\x00", "must be a YAML file in UTF-8"),
        (b"", "must be a mapping"),
        (b"- 1", "must be a mapping"),
        (b"{", "is not valid YAML"),
        (b"version: 1", "tasks: must be given"),
    ],
)
def test_a_file_that_is_no_spec_is_refused_by_name(tmp_path: Path, content: bytes, rule: str) -> None:
    file = tmp_path / "spec.yaml"
    file.write_bytes(content)
    with pytest.raises(InputError, match=rule) as caught:
        load_spec(file)
    assert str(file) in str(caught.value)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        load_spec(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="it is a folder"):
        load_spec(tmp_path)


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("version: 1", encoding="utf-8-sig")
    assert load_spec_data(file) == {"version": 1}


def test_saving_keeps_the_permissions_of_a_file_and_follows_a_link(tmp_path: Path, data: dict[str, Any]) -> None:
    file, link = tmp_path / "spec.yaml", tmp_path / "link.yaml"
    spec = spec_from_data(data)
    save_spec(spec, file)
    assert file.stat().st_mode & 0o777 == 0o666 & ~_umask()
    file.chmod(0o640)
    link.symlink_to(file)
    save_spec(spec, link)
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_file_that_cannot_be_written_is_left_as_it_was(tmp_path: Path, data: dict[str, Any]) -> None:
    spec = spec_from_data(data)
    with pytest.raises(InputError, match="must be a plain file; found a folder"):
        save_spec(spec, tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        save_spec(spec, tmp_path / "no folder" / "spec.yaml")
    assert list(tmp_path.glob("**/*.yaml")) == []
    assert [p for p in tmp_path.parent.iterdir() if p.name.startswith(f".{tmp_path.name}")] == []


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
