"""The names of the tokens of an encoded text, of a vocabulary and of a pretrained tokenizer."""

from pathlib import Path

from mtl_core.spec import TextSpec
from mtl_core.tabular.text.token_names import UNKNOWN_TOKEN, token_names
from mtl_core.tabular.text.tokenizer import encode_texts
from tests.architectures.folders import save_tokenizer

FITTED = {"kind": "text", "vocabulary": ["the", "cat"], "text": {"max_length": 4}}


def test_tokens_of_a_vocabulary_have_their_words() -> None:
    assert token_names([2.0, 1.0, 3.0, 0.0], FITTED) == ("the", UNKNOWN_TOKEN, "cat")
    assert token_names([0.0, 0.0], FITTED) == ()


def test_tokens_of_a_pretrained_tokenizer_are_written_as_it_does(tmp_path: Path) -> None:
    save_tokenizer(tmp_path)
    (ids,), _ = encode_texts(["the cat"], TextSpec(tokenizer=str(tmp_path), max_length=8), "dataset.text")
    fitted = {"kind": "text", "tokenizer": "digest", "text": {"tokenizer": str(tmp_path)}}
    names = token_names([*(float(number + 1) for number in ids), 0.0], fitted)
    assert len(names) == len(ids)
    assert not any(name.isdecimal() for name in names)
    gone = {**fitted, "text": {"tokenizer": str(tmp_path / "gone")}}
    assert token_names([6.0], gone) == ("6",)
