"""Texts as inputs and tags as targets: tokens, vocabulary, padding, and what does not fit together.

Covers: mtl_core/tabular/text/tags.py.
"""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from mtl_core.datasets.bundled.sentences import NOUNS, TAGS, VERBS, sentences
from mtl_core.datasets.description import describe
from mtl_core.datasets.preparation import load
from mtl_core.spec import (
    BundledDataset,
    InputError,
    MulticlassTask,
    StratifiedSplit,
    TableDataset,
    TaggingTask,
    Task,
    TextSpec,
)
from mtl_core.tabular.text.vocabulary import split_text
from tests.datasets.conftest import WriteTable
from tests.inputs import only, transform_inputs

TAG = TaggingTask(name="tags", target="tags")
KIND = MulticlassTask(name="kind", target="kind")
SPLIT = StratifiedSplit(train=0.5, val=0.25, test=0.25)


def table(path: str, **settings: Any) -> TableDataset:
    text = TextSpec(**settings)
    types: dict[str, Any] = {"text": "text", "tags": "text"}
    return TableDataset(path=path, inputs=("text",), types=types, text=text, split=SPLIT)


def texts(rows: int = 40) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"text": ["나는 밥을 먹는다.", "너는 간다!"], "tags": ["P N V M", "P V M"], "kind": ["a", "b"]}
    )
    return pd.concat([frame] * (rows // 2), ignore_index=True)


@pytest.mark.parametrize(
    ("text", "settings", "tokens"),
    [
        ("The cat's here, isn't it?", {}, ["the", "cat's", "here", ",", "isn't", "it", "?"]),
        ("The Cat", {"lowercase": False}, ["The", "Cat"]),
        ("나는 밥을  먹었다.", {}, ["나는", "밥을", "먹었다", "."]),
        ("हिन्दी भाषा", {}, ["हिन्दी", "भाषा"]),
        ("ca n't ,stop", {"tokens": "spaces"}, ["ca", "n't", ",stop"]),
        ("  ", {}, []),
    ],
)
def test_a_text_is_split_into_words_and_marks_of_any_script(
    text: str, settings: dict[str, Any], tokens: list[str]
) -> None:
    assert split_text(text, TextSpec(**settings)) == tokens


def test_texts_become_token_ids_padded_to_the_longest(write: WriteTable) -> None:
    data = load(table(write(texts())), (TAG, KIND))
    assert next(iter(data.input_shapes.values())) == (4,)
    assert data.targets["tags"].classes == ("M", "N", "P", "V")
    assert data.targets["tags"].outputs == (4, 4)
    rows = {tuple(row) for row in only(data.train.inputs).int().tolist()}
    short, long = sorted(rows, key=lambda row: row[-1])
    assert short[-1] == 0
    assert min(long) >= 2
    tags = {tuple(row) for row in data.train.targets["tags"].tolist()}
    assert tags == {(2, 1, 3, 0), (2, 3, 0, -1)}
    counts = data.targets["tags"].counts
    assert sum(counts) == int((data.train.targets["tags"] >= 0).sum()) == int((only(data.train.inputs) > 0).sum())


def test_the_vocabulary_is_that_of_the_training_rows_most_frequent_first(write: WriteTable) -> None:
    frame = texts(60)
    frame["text"] = [f"{text} word{i}" for i, text in enumerate(frame["text"])]
    frame["tags"] = [f"{tags} X" for tags in frame["tags"]]
    data = load(table(write(frame)), (TAG,))
    words = data.preprocessing["vocabulary"]
    assert sum(word.startswith("word") for word in words) == len(data.train)
    first = only(data.train.inputs).int()
    counts = np.bincount(first[first >= 2].flatten(), minlength=len(words) + 2)[2:]
    assert (np.diff(counts) <= 0).all()
    assert (only(data.test.inputs) == 1).any(dim=1).all()  # each test row has a word of its own


def test_a_limited_vocabulary_leaves_the_rarer_unknown_and_says_so(write: WriteTable) -> None:
    data = load(table(write(texts()), vocabulary=4), (TAG,))
    assert len(data.preprocessing["vocabulary"]) == 2
    assert only(data.train.inputs).max() == 3
    assert any("2 most frequent are told apart" in str(note) for note in data.notes)


def test_longer_texts_are_truncated_and_their_tags_with_them(write: WriteTable) -> None:
    data = load(table(write(texts()), max_length=2), (TAG,))
    assert next(iter(data.input_shapes.values())) == (2,)
    assert {tuple(row) for row in data.train.targets["tags"].tolist()} == {(2, 1), (2, 3)}
    assert any("longer than 2 tokens" in str(note) for note in data.notes)


def test_new_texts_are_treated_like_the_training_rows(write: WriteTable) -> None:
    data = load(table(write(texts())), (TAG,))
    preprocessing = json.loads(json.dumps(data.preprocessing))
    new = only(
        transform_inputs(preprocessing, pd.DataFrame({"text": ["너는 간다!", "너는 온다! 나는 밥을 먹는다", None]}))
    )
    (short,) = {tuple(row) for row in only(data.train.inputs).tolist() if row[-1] == 0}
    assert tuple(new[0].tolist()) == short
    assert new[1, 1] == 1
    assert new.shape == (3, 4)
    assert not new[2].any()


def test_a_row_without_tags_or_without_text_has_no_label(write: WriteTable) -> None:
    frame = texts()
    frame.loc[:3, "tags"] = ""
    frame.loc[4:7, "text"] = ""
    data = load(table(write(frame)), (TAG, KIND))
    masks = torch.cat([split.masks["tags"] for split in (data.train, data.val, data.test)])
    assert int((~masks).sum()) == 8
    assert (data.train.targets["tags"][~data.train.masks["tags"]] == -1).all()


def test_the_fingerprint_follows_how_a_text_is_read(write: WriteTable) -> None:
    path = write(texts())
    first, other = load(table(path), (KIND,)), load(table(path, max_length=3), (KIND,))
    assert first.fingerprint != other.fingerprint
    plain = TableDataset(path=path, inputs=("tags",), split=SPLIT)
    also = TableDataset(path=path, inputs=("tags",), split=SPLIT, text=TextSpec(max_length=3))
    assert load(plain, (KIND,)).fingerprint == load(also, (KIND,)).fingerprint


def test_as_many_tags_as_tokens_are_needed_and_the_row_is_named(write: WriteTable) -> None:
    frame = texts()
    frame.loc[6, "tags"] = "P N V"
    with pytest.raises(InputError, match="a tag for each token of 'text'") as caught:
        load(table(write(frame)), (KIND, TAG))
    assert caught.value.problem.path == "tasks[1].target"
    assert caught.value.problem.found == "3 tags for 4 tokens in row 7"


BAD: list[tuple[dict[str, Any], Task, str]] = [
    ({"inputs": ("kind",)}, TAG, "needs a text as the input"),
    ({"inputs": ("text", "kind")}, TAG, "read alone"),
    ({}, TaggingTask(name="t", target="number"), "this column is numeric"),
    ({}, TaggingTask(name="t", target="same"), "2 to 1000 tags"),
    ({}, TaggingTask(name="t", target="tags", class_weights={"Z": 1.0}), "no such class"),
    ({"inputs": ("empty",), "types": {"empty": "text"}}, KIND, "no text has a token"),
]


@pytest.mark.parametrize(("changes", "task", "rule"), BAD)
def test_a_text_that_does_not_fit_is_refused(changes: dict[str, Any], task: Task, rule: str, write: WriteTable) -> None:
    frame = texts().assign(number=range(40), same="X", empty="")
    dataset = table(write(frame)).model_copy(update=changes)
    with pytest.raises(InputError, match=rule):
        load(dataset, (task,))


def test_the_same_column_read_as_text_suggests_an_input_and_tags_to_predict(write: WriteTable) -> None:
    info = describe(table(write(texts())))
    assert next(iter(info.input_shapes.values())) == (4,)
    columns = {column.name: column for column in info.columns}
    assert columns["text"].type == "text"
    assert dict(columns["tags"].categories) == {"P": 40, "V": 40, "M": 40, "N": 20}


def test_sentences_are_the_same_for_a_seed_and_have_words_of_their_topic() -> None:
    frame = sentences(60, seed=1)
    assert frame.equals(sentences(60, seed=1))
    assert not frame.equals(sentences(60, seed=2))
    assert set(" ".join(frame["tags"]).split()) == set(TAGS)
    for text, topic in zip(frame["text"], frame["topic"], strict=True):
        assert {*NOUNS[topic], *VERBS[topic]} & set(split_text(text, TextSpec()))


def test_some_words_of_the_sentences_have_two_parts_of_speech() -> None:
    data = load(BundledDataset(name="sentences"), (TAG,))
    words = data.preprocessing["vocabulary"]
    tags_by_word: dict[str, set[int]] = {}
    for row, tags in zip(only(data.train.inputs).int().tolist(), data.train.targets["tags"].tolist(), strict=True):
        for token, tag in zip(row, tags, strict=True):
            if tag >= 0:
                tags_by_word.setdefault(words[token - 2], set()).add(tag)
    assert {"fish", "cook", "walk"} <= {word for word, tags_of_word in tags_by_word.items() if len(tags_of_word) == 2}


def test_json_lines_with_lists_of_tokens_are_a_table(write: WriteTable) -> None:
    rows = [{"text": ["나는", "간다"], "tags": ["P", "V"], "n": i, "old": i % 2 == 0, "kind": None} for i in range(20)]
    path = write("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", "texts.jsonl")
    dataset = table(path, tokens="spaces")
    info = describe(dataset)
    assert info.description == "JSON lines, utf-8."
    assert info.preview[1] == ("나는 간다", "P V", "1", "false", "")
    assert load(dataset, (TAG,)).targets["tags"].classes == ("P", "V")


@pytest.mark.parametrize("line", ["{", "[1, 2]", "word"])
def test_a_line_that_is_no_json_object_is_named(line: str, write: WriteTable) -> None:
    path = write('{"text": "a", "kind": "b"}\n\n' + line + "\n", "texts.jsonl")
    with pytest.raises(InputError, match="line 3 is no JSON object"):
        describe(table(path))
