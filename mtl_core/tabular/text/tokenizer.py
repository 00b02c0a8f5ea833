"""Texts cut into pieces by the fast tokenizer of a pretrained model, from its folder and nowhere else."""

import importlib.util
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_core.errors import EnvironmentFault, InputError, shorten
from mtl_core.spec import TextSpec

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FILE = "tokenizer.json"
_WHERE = "dataset.text.tokenizer"


def cut_into_pieces(texts: Sequence[str], how: TextSpec) -> tuple[list[list[int]], list[int]]:
    """The tokenizer's numbers of each text, with the marks the model wants around it, and how many there are.

    A longer text is cut so that the marks stay; the counts are those before.

    Raises:
        InputError: The tokenizer cannot be read, or leaves no room for a text.
    """
    tokenizer = _open(how.tokenizer)
    marks = tokenizer.num_special_tokens_to_add(False)
    if how.max_length <= marks:
        rule = f"must be more than the {marks} marks the tokenizer puts around a text"
        raise InputError("dataset.text.max_length", rule, found=how.max_length)
    numbers = [found.ids for found in tokenizer.encode_batch(list(texts))]
    counts = [len(row) for row in numbers]
    if too_long := [i for i, count in enumerate(counts) if count > how.max_length]:
        tokenizer.enable_truncation(how.max_length)
        cut = tokenizer.encode_batch([texts[i] for i in too_long])
        for i, found in zip(too_long, cut, strict=True):
            numbers[i] = found.ids
    return numbers, counts


def highest_number(folder: str) -> int:
    """The largest number that the tokenizer in a folder gives.

    Raises:
        InputError: It cannot be read.
    """
    return max(_open(folder).get_vocab(with_added_tokens=True).values(), default=0)


def tokenizer_digest(folder: str) -> str:
    """Hash of the tokenizer in a folder, ``""`` where there is none to be read."""
    try:
        return blake2b((Path(folder) / FILE).read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""


def tokenizer_stamp(folder: str) -> tuple[int, ...]:
    """Changes when the tokenizer in a folder does; of no folder it is empty."""
    if not folder:
        return ()
    try:
        status = (Path(folder) / FILE).stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size


def _open(folder: str) -> "Tokenizer":
    place = Path(folder) / FILE
    if not place.parent.is_dir():
        raise InputError(
            _WHERE, "there is no such folder", found=place.parent, fix="Choose the pretrained model's folder."
        )
    if not place.is_file():
        fix = f"Save the model's fast tokenizer into it: tokenizer.save_pretrained({folder!r})."
        raise InputError(_WHERE, f"needs a folder with a {FILE}", found=place.parent, fix=fix)
    if importlib.util.find_spec("tokenizers") is None:
        fix = 'Install it with: pip install "mtl-workbench[pretrained]".'
        raise EnvironmentFault(_WHERE, "needs the package tokenizers", fix=fix)
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(place.read_text(encoding="utf-8"))
    except Exception as error:  # whatever the library meets
        reason = shorten(" ".join(str(error).split())).removesuffix(".")
        fix = "Save the tokenizer anew."
        raise InputError(_WHERE, f"the {FILE} cannot be read ({reason})", found=place.parent, fix=fix) from None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
