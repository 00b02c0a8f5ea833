"""Token ids by the tokenizer in the folder of a pretrained model."""

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mtl_core.datasets.description import describe
from mtl_core.datasets.preparation import load
from mtl_core.errors import EnvironmentFault
from mtl_core.spec import InputError, MulticlassTask, StratifiedSplit, TableDataset, TaggingTask, TextSpec
from tests.architectures.folders import VOCABULARY, save_tokenizer
from tests.datasets.conftest import WriteTable
from tests.inputs import only, transform_inputs

KIND = MulticlassTask(name="kind", target="kind")
SPLIT = StratifiedSplit(train=0.5, val=0.25, test=0.25)
TEXTS = ("The sun rises.", "moons", "", "the sun rises again again again", "comet")
TOKENS: tuple[tuple[str, ...], ...] = (
    ("[CLS]", "the", "sun", "rises", ".", "[SEP]"),
    ("[CLS]", "moon", "##s", "[SEP]"),
    ("[CLS]", "[SEP]"),
    ("[CLS]", "the", "sun", "rises", "again", "again", "again", "[SEP]"),
    ("[CLS]", "[UNK]", "[SEP]"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_tokenizer(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def path(write: WriteTable) -> str:
    rows = 20
    texts = [text or None for text in TEXTS] * (rows // len(TEXTS))
    return write(pd.DataFrame({"text": texts, "kind": ["a", "b"] * (rows // 2)}))


def table(path: str, folder: Path | str, **settings: Any) -> TableDataset:
    text = TextSpec(tokenizer=str(folder), **settings)
    return TableDataset(path=path, inputs=("text",), types={"text": "text"}, text=text, split=SPLIT)


def input_ids(tokens: tuple[str, ...], length: int) -> list[int]:
    """The ids of tokens as the model gets them: those of the vocabulary plus 1, then padding."""
    ids = [VOCABULARY[token] + 1 for token in tokens]
    return ids + [0] * (length - len(ids))


def test_texts_become_the_ids_of_the_tokenizer_plus_one(path: str, folder: Path) -> None:
    data = load(table(path, folder), (KIND,))
    assert next(iter(data.input_shapes.values())) == (8,)
    for split in (data.train, data.val, data.test):
        assert split.rows is not None
        for ids, row in zip(only(split.inputs).int().tolist(), split.rows.tolist(), strict=True):
            assert ids == input_ids(TOKENS[row % len(TEXTS)], 8), TEXTS[row % len(TEXTS)]
    assert next(iter(describe(table(path, folder)).input_shapes.values())) == (8,)


def test_a_longer_text_is_truncated_between_its_special_tokens_and_noted(path: str, folder: Path) -> None:
    data = load(table(path, folder, max_length=5), (KIND,))
    assert next(iter(data.input_shapes.values())) == (5,)
    rows = {tuple(row) for row in only(data.train.inputs).int().tolist()}
    assert tuple(input_ids(("[CLS]", "the", "sun", "rises", "[SEP]"), 5)) in rows
    assert "8 of 20 texts are longer than 5 tokens and are cut." in [note.what for note in data.notes]


def test_new_texts_are_treated_as_those_of_training(path: str, folder: Path) -> None:
    data = load(table(path, folder), (KIND,))
    preprocessing = json.loads(json.dumps(data.preprocessing))
    inputs = only(transform_inputs(preprocessing, pd.DataFrame({"text": ["moons sets", None, "the " * 30]})))
    assert inputs.shape == (3, 8)
    assert inputs[0].int().tolist() == input_ids(("[CLS]", "moon", "##s", "sets", "[SEP]"), 8)
    assert inputs[1].int().tolist() == input_ids(("[CLS]", "[SEP]"), 8)
    assert inputs[2, -1] == VOCABULARY["[SEP]"] + 1
    save_tokenizer(folder, VOCABULARY | {"comet": len(VOCABULARY)})
    with pytest.raises(InputError, match=r"dataset\.text\.tokenizer: has changed since"):
        only(transform_inputs(preprocessing, pd.DataFrame({"text": ["moons"]})))


def test_the_fingerprint_follows_the_tokenizer_and_not_its_folder(path: str, folder: Path) -> None:
    first = load(table(path, folder), (KIND,)).fingerprint
    renamed = folder.rename(folder.parent / "elsewhere")
    assert load(table(path, renamed), (KIND,)).fingerprint == first
    assert load(table(path, renamed, vocabulary=77, lowercase=False), (KIND,)).fingerprint == first  # words' settings
    save_tokenizer(renamed, VOCABULARY | {"comet": len(VOCABULARY)})
    again = load(table(path, renamed), (KIND,))
    assert again.fingerprint != first
    assert len(VOCABULARY) + 1 in only(again.train.inputs)


BAD: dict[str, tuple[Callable[[Path], Any], dict[str, Any], str]] = {
    "no folder": (shutil.rmtree, {}, r"tokenizer: there is no such folder; found .*model\. Choose the pretrained"),
    "no file": (lambda at: (at / "tokenizer.json").unlink(), {}, r"tokenizer\.json; .* tokenizer\.save_pretrained"),
    "broken": (lambda at: (at / "tokenizer.json").write_text("{"), {}, r"the tokenizer\.json cannot be read \("),
    "no text": (lambda at: (at / "tokenizer.json").write_bytes(b"\xff"), {}, r"the tokenizer\.json cannot be read"),
    "too short": (lambda _: None, {"max_length": 2}, r"max_length: must be more than the 2 marks .* around a text"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_tokenizer_that_cannot_be_used_is_refused_and_the_data_are_described_anyway(
    name: str, path: str, folder: Path
) -> None:
    make, settings, says = BAD[name]
    make(folder)
    with pytest.raises(InputError, match=says) as caught:
        load(table(path, folder, **settings), (KIND,))
    assert caught.value.problem.path.startswith("dataset.text.")
    assert describe(table(path, folder, **settings)).rows == 20


def test_without_the_package_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, path: str, folder: Path
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(EnvironmentFault, match=r'pip install "mtl-workbench\[pretrained\]"'):
        load(table(path, folder), (KIND,))


def test_tags_are_refused_since_they_belong_to_words(write: WriteTable, folder: Path) -> None:
    frame = pd.DataFrame({"text": ["the sun"] * 12, "tags": ["D N", "N D"] * 6})
    dataset = table(write(frame), folder).model_copy(update={"types": {"text": "text", "tags": "text"}})
    with pytest.raises(InputError, match=r"tasks\[0\]\.target: tags belong to words"):
        load(dataset, (TaggingTask(name="tags", target="tags"),))
