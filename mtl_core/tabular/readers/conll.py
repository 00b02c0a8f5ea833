"""Read files of tagged sentences, CoNLL: a token in each line with its tags, an empty line between sentences.

Each sentence is a row: its tokens, and of each column of tags the tags, separated by spaces.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mtl_core.spec import DataNote, InputError, shorten
from mtl_core.tabular.readers.table_format import FileContent, RawTable, TableFormat

if TYPE_CHECKING:
    import pandas as pd

_SUFFIXES = (".conll", ".conllu", ".iob", ".bio")
_TREEBANK = ("lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
"""The columns of CoNLL-U behind the number of the token and the token."""
_SAMPLE = 1 << 14
_LINE_END = re.compile(r"\r\n|\n|\r")
_TAG = re.compile(r"O|[BIESLUM]-\S+")
_DOCUMENT = "-DOCSTART-"
_FIX = "Each line holds a token and its tags, separated by spaces or tabs; an empty line ends a sentence."

_Token = list[str]


def _read(file: FileContent) -> RawTable | None:
    is_named = file.has_suffix(_SUFFIXES)
    head = [line for line in _LINE_END.split(file.text[:_SAMPLE])[:-1] if not line.startswith(_DOCUMENT)]
    if not is_named and not _looks_tagged(head):
        return None
    width = _width(head or _LINE_END.split(file.text))
    if width < 2:
        raise InputError("dataset.path", "holds no tags", found=shorten(head[0] if head else file.name), fix=_FIX)
    is_treebank = width == len(_TREEBANK) + 2 and (file.has_suffix((".conllu",)) or "\t1\t" in f"\t{_first(head)}")
    sentences = list(_sentences(file.text, width, is_treebank=is_treebank))
    if not sentences:
        raise InputError("dataset.path", "holds no sentence", found=file.name, fix=_FIX)
    names = _TREEBANK if is_treebank else ("tags",) if width == 2 else [f"tags {i}" for i in range(1, width)]
    return RawTable(
        _frame(sentences, ("text", *names)), f"CoNLL, {file.encoding}", encoding=file.encoding, notes=_NOTES
    )


_WHAT = "Each sentence is a row; its tokens are separated by spaces, and so are the tags in each column of tags."
_NOTES = (DataNote(place="file", what=_WHAT, fix="To tag tokens, read the text as text, cut at spaces."),)


def _looks_tagged(lines: Sequence[str]) -> bool:
    """Whether lines are sentences of tokens whose last column begins, continues and ends spans."""
    rows = [fields for line in lines if (fields := _fields(line))]
    ends = sum(not line.strip() for line in lines)
    widths = {len(row) for row in rows}
    return len(widths) == 1 and min(widths) > 1 and ends > 0 and all(_TAG.fullmatch(row[-1]) for row in rows)


def _fields(line: str) -> _Token:
    if "\t" not in line:
        return line.split()
    return [field.strip().replace(" ", "_") or "_" for field in line.split("\t")]


def _first(lines: Sequence[str]) -> str:
    return next((line for line in lines if line.strip() and not line.startswith("#")), "")


def _width(lines: Sequence[str]) -> int:
    """The number of fields that most lines have."""
    widths = Counter(len(fields) for line in lines if (fields := _fields(line)))
    return max(widths, key=lambda width: widths[width], default=0)


def _sentences(text: str, width: int, *, is_treebank: bool) -> Iterator[list[_Token]]:
    """The sentences, each the fields of its tokens, the token first."""
    tokens: list[_Token] = []
    for number, line in enumerate(_LINE_END.split(text), 1):
        fields = _fields(line) if line.strip() else []
        is_comment = line.startswith("#") and (is_treebank or len(fields) != width)
        if is_comment or line.startswith(_DOCUMENT):
            continue
        if fields and len(fields) != width:
            rule = f"line {number} has {len(fields)} columns, others have {width}"
            raise InputError("dataset.path", rule, found=shorten(line), fix=_FIX)
        if not fields and tokens:
            yield tokens
            tokens = []
        elif fields and not (is_treebank and not fields[0].isdigit()):  # a word of several tokens, or an empty one
            tokens.append(fields[1:] if is_treebank else fields)
    if tokens:
        yield tokens


def _frame(sentences: Sequence[list[_Token]], names: Sequence[str]) -> "pd.DataFrame":
    import pandas as pd

    columns = {name: [" ".join(token[i] for token in tokens) for tokens in sentences] for i, name in enumerate(names)}
    return pd.DataFrame(columns, dtype=object)


FORMAT = TableFormat("CoNLL", _SUFFIXES, "text", _read, "a row for each sentence, with a column for each kind of tags")
