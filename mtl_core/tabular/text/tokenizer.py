"""The fast tokenizer of a pretrained model, read from the model's folder and nowhere else."""

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


def encode_texts(
    texts: Sequence[str], spec: TextSpec, where: str = "dataset.text"
) -> tuple[list[list[int]], list[int]]:
    """Encode texts as token ids, special tokens included.

    A text that is too long is truncated so that its special tokens stay.

    Args:
        texts: The texts.
        spec: How they are read.
        where: The place of these settings in the spec.

    Returns:
        The ids of each text, and how many there were before truncation.

    Raises:
        InputError: The tokenizer cannot be read, or leaves no room for a text.
    """
    tokenizer = _load_tokenizer(spec.tokenizer, f"{where}.tokenizer")
    special_tokens = tokenizer.num_special_tokens_to_add(False)
    if spec.max_length <= special_tokens:
        rule = f"must be more than the {special_tokens} marks the tokenizer puts around a text"
        raise InputError(f"{where}.max_length", rule, found=spec.max_length)
    ids = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    counts = [len(row) for row in ids]
    if too_long := [i for i, count in enumerate(counts) if count > spec.max_length]:
        tokenizer.enable_truncation(spec.max_length)
        truncated = tokenizer.encode_batch([texts[i] for i in too_long])
        for i, encoding in zip(too_long, truncated, strict=True):
            ids[i] = encoding.ids
    return ids, counts


def max_token_id(folder: str) -> int:
    """The highest id of the tokenizer in a folder.

    Raises:
        InputError: It cannot be read.
    """
    return max(_load_tokenizer(folder).get_vocab(with_added_tokens=True).values(), default=0)


def token_texts(folder: str, ids: Sequence[int]) -> tuple[str, ...]:
    """The tokens with some ids of the tokenizer in a folder, as it writes them; the id where there is none.

    Raises:
        InputError: It cannot be read.
        EnvironmentFault: The package tokenizers is not installed.
    """
    tokenizer = _load_tokenizer(folder)
    return tuple(tokenizer.id_to_token(number) or str(number) for number in ids)


def tokenizer_digest(folder: str) -> str:
    """Hash of the tokenizer in a folder; empty where none can be read."""
    try:
        return blake2b((Path(folder) / FILE).read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""


def tokenizer_stamp(folder: str) -> tuple[int, ...]:
    """Modification time in ns and size of the tokenizer in a folder; empty where there is none."""
    if not folder:
        return ()
    try:
        status = (Path(folder) / FILE).stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size


def _load_tokenizer(folder: str, where: str = _WHERE) -> "Tokenizer":
    file = Path(folder) / FILE
    if not file.parent.is_dir():
        raise InputError(
            where, "there is no such folder", found=file.parent, fix="Choose the pretrained model's folder."
        )
    if not file.is_file():
        fix = f"Save the model's fast tokenizer into it: tokenizer.save_pretrained({folder!r})."
        raise InputError(where, f"needs a folder with a {FILE}", found=file.parent, fix=fix)
    if importlib.util.find_spec("tokenizers") is None:
        fix = 'Install it with: pip install "mtl-workbench[pretrained]".'
        raise EnvironmentFault(where, "needs the package tokenizers", fix=fix)
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(file.read_text(encoding="utf-8"))
    except Exception as error:  # the library raises plain exceptions
        reason = shorten(" ".join(str(error).split())).removesuffix(".")
        fix = "Save the tokenizer anew."
        raise InputError(where, f"the {FILE} cannot be read ({reason})", found=file.parent, fix=fix) from None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
