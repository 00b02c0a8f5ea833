"""Files of tagged sentences."""

from pathlib import Path

import pytest

from mtl_core.datasets.preparation import load
from mtl_core.spec import InputError, TableDataset
from mtl_core.spec.data.dataset import TextSpec
from mtl_core.spec.tasks import TaggingTask
from mtl_core.tabular.readers.table_file import read_bytes

CORPUS = """-DOCSTART- -X- O O

EU NNP I-NP I-ORG
rejects VBZ I-VP O

# NN I-NP O
Peter NNP B-NP I-PER
"""
TREEBANK = """# sent_id = 1
# text = Le chat du roi
1\tLe\tle\tDET\t_\t_\t2\tdet\t_\t_
2-3\tdu chat\t_\t_\t_\t_\t_\t_\t_\t_
2\tchat\tchat\tNOUN\t_\t_\t0\troot\t_\t_

1\tOui\toui\tINTJ\t_\t_\t0\troot\t_\t_
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_sentence_is_a_row_with_a_column_for_each_kind_of_tags(end: str) -> None:
    frame = read_bytes(CORPUS.replace("\n", end).encode(), "a.conll").frame
    assert frame.columns.tolist() == ["text", "tags 1", "tags 2", "tags 3"]
    assert frame.to_numpy().tolist() == [
        ["EU rejects", "NNP VBZ", "I-NP I-VP", "I-ORG O"],
        ["# Peter", "NN NNP", "I-NP B-NP", "O I-PER"],
    ]


def test_spans_are_recognized_by_their_tags_whatever_the_name() -> None:
    raw = read_bytes("서울 B-LOC\n간다 O\n\n나 O\n".encode("cp949"), "a.txt")
    assert raw.frame.to_dict("list") == {"text": ["서울 간다", "나"], "tags": ["B-LOC O", "O"]}
    assert raw.description == "CoNLL, cp949"


def test_a_treebank_has_the_columns_of_conll_u() -> None:
    frame = read_bytes(TREEBANK.encode(), "a.conllu").frame
    assert frame["text"].tolist() == ["Le chat", "Oui"]
    assert frame["upos"].tolist() == ["DET NOUN", "INTJ"]
    assert frame["deprel"].tolist() == ["det root", "root"]
    assert read_bytes(TREEBANK.encode(), "a.conll").frame.equals(frame)


def test_a_table_of_spaces_or_commas_is_no_corpus() -> None:
    assert read_bytes(b"a\tb\n1\tO\n\n2\tO\n", "a.txt").description.startswith("tab-separated")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a O\nb O\n\nc\n", "line 4 has 1 columns, others have 2"),
        ("a\nb\n\n", "holds no tags"),
        ("-DOCSTART- O\n\n", "holds no"),
    ],
)
def test_what_is_no_corpus_is_refused(text: str, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        read_bytes(text.encode(), "a.conll")


def test_several_columns_of_tags_are_tasks(tmp_path: Path) -> None:
    sentences = ["".join(f"w{i + j} P{j % 2} {'B-X' if j else 'O'}\n" for j in range(1 + i % 3)) for i in range(20)]
    (tmp_path / "a.conll").write_text("\n".join(sentences))
    dataset = TableDataset(
        path=str(tmp_path / "a.conll"), inputs=("text",), types={"text": "text"}, text=TextSpec(tokens="spaces")
    )
    tasks = [TaggingTask(name=f"task{i}", target=f"tags {i}") for i in (1, 2)]
    data = load(dataset, tasks)
    assert {name: info.classes for name, info in data.targets.items()} == {"task1": ("P0", "P1"), "task2": ("B-X", "O")}
