"""Layers of a text input, and the tokenizer of a pretrained model."""

from typing import Any

import pytest

from mtl_core.spec import problems_of

PRETRAINED = {"kind": "pretrained", "path": "/models/bert"}
EMBEDDING = {"kind": "embedding"}
LINEAR = {"kind": "linear", "out_features": 4}


def experiment(*shared: dict[str, Any], types: dict[str, str] | None = None, tokenizer: str = "") -> dict[str, Any]:
    types = {"note": "text"} if types is None else types
    return {
        "version": 1,
        "dataset": {
            "kind": "table",
            "path": "/x.csv",
            "inputs": ["note"],
            "types": types,
            "text": {"tokenizer": tokenizer},
        },
        "tasks": [{"name": "y", "kind": "binary", "target": "y"}],
        "model": {"shared": list(shared)},
    }


def told(data: dict[str, Any]) -> list[str]:
    return [f"{problem.path}: {problem.rule}. {problem.fix}" for problem in problems_of(data)]


@pytest.mark.parametrize("tokenizer", ["/models/bert", "/models/bert/", "/models/./bert"])
def test_a_pretrained_model_reads_the_tokens_of_its_own_folder(tokenizer: str) -> None:
    assert told(experiment(PRETRAINED, LINEAR, tokenizer=tokenizer)) == []
    assert told(experiment(EMBEDDING)) == []


@pytest.mark.parametrize("tokenizer", ["", "/models/other"])
def test_a_pretrained_model_does_not_read_other_tokens(tokenizer: str) -> None:
    (problem,) = told(experiment(PRETRAINED, tokenizer=tokenizer))
    assert problem.startswith("dataset.text.tokenizer: must be the folder of the pretrained model")
    assert problem.endswith("Set it to /models/bert.")


def test_an_embedding_does_not_read_the_tokens_of_a_pretrained_model() -> None:
    (problem,) = told(experiment(EMBEDDING, tokenizer="/models/bert"))
    assert problem.startswith(
        "dataset.text.tokenizer: only its pretrained model reads these tokens. Make that the first layer"
    )


def test_a_text_is_not_read_by_other_layers_and_without_shared_layers_each_head_reads_it() -> None:
    (problem,) = told(experiment(LINEAR))
    assert problem.startswith("model.shared: a text must first go through an Embedding or a pretrained model")
    data = experiment(tokenizer="/models/bert")
    assert told(data | {"model": {"shared": [], "heads": {"y": [PRETRAINED]}}}) == []
    assert len(told(data | {"model": {"shared": [], "heads": {}}})) == 1


def test_columns_of_a_table_are_nothing_a_pretrained_model_reads() -> None:
    (problem,) = told(experiment(PRETRAINED, types={}))
    assert problem.startswith("model.shared[0]: a pretrained model reads images or a text, not columns of a table.")
    data = experiment(PRETRAINED, types={}, tokenizer="/models/bert")
    assert told(data | {"dataset": {"kind": "bundled", "name": "shapes"}}) == []
    assert told(experiment(LINEAR, types={}, tokenizer="/models/bert")) == []  # nothing is cut into tokens
