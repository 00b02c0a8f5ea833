"""Decode the bytes of a text table, in the encoding that is stated or else detected."""

import codecs

from mtl_core.spec import InputError

# Byte order marks; UTF-32 first, since its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Encodings in which tables are saved; more candidates would make short texts ambiguous.
_CANDIDATES = [
    *("cp949", "cp932", "euc_jp", "gb18030", "big5", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254"),
    *("cp1255", "cp1256", "koi8_r", "iso8859_2", "iso8859_15"),
]
_SAMPLE = 1 << 16
# NUL and the control characters that no text has; tab, line ends, form feed and escape may occur.
_CONTROL = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20)])
BINARY_FIX = "Save it as CSV (UTF-8) or Parquet."


class BinaryDataError(InputError):
    """A file is no text in any encoding."""


def decode(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """Decode bytes to text without a byte order mark, and say in which encoding.

    An encoding is detected in this order: by a byte order mark, UTF-8, UTF-16 without a mark, CP949 (Hangul), then what
    charset-normalizer takes for most plausible among the encodings that tables are saved in.

    Raises:
        BinaryDataError: It is not text.
        InputError: It is not in the encoding stated, or that encoding does not exist.
    """
    name = encoding.strip() if encoding else _detect(data)
    try:
        return data.decode(name).removeprefix("\ufeff"), name
    except LookupError:
        fix = "Leave it empty to have it found, or take e.g. utf-8, cp949 or utf-16."
        raise InputError("dataset.encoding", "there is no such text encoding", found=repr(name), fix=fix) from None
    except UnicodeError as error:
        raise _decoding_error(data, name, error, stated=bool(encoding)) from None


def _decoding_error(data: bytes, name: str, error: UnicodeError, *, stated: bool) -> InputError:
    start = getattr(error, "start", 0)
    found = f"the bytes {data[start : start + 4].hex(' ')} at position {start}"
    if not stated:
        return InputError("dataset.path", "the file is not whole text", found=found, fix=BINARY_FIX)
    try:
        fix = f"Looking at the file says {_detect(data)}."
    except InputError:
        fix = BINARY_FIX
    return InputError("dataset.encoding", f"the file is not in {name}", found=found, fix=fix)


def _detect(data: bytes) -> str:
    """The name of the encoding.

    Raises:
        BinaryDataError: It is not text.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if not _has_control(data) and _decodes(data, "utf-8"):
        return "utf-8"
    if name := _unmarked_utf16(data):
        return name
    if _has_control(data):
        raise BinaryDataError("dataset.path", "must be text", found="binary data", fix=BINARY_FIX)
    return "cp949" if _is_korean(data) else _most_plausible(data)


def _has_control(data: bytes) -> bool:
    return len(data.translate(None, _CONTROL)) < len(data)  # several times as fast as a search by a pattern


def _decodes(data: bytes, name: str) -> bool:
    try:
        data.decode(name)
    except UnicodeError:
        return False
    return True


def _unmarked_utf16(data: bytes) -> str:
    """The byte order of UTF-16 without a mark, in which every other byte of ASCII characters is 0; else empty."""
    if len(data) % 2 or b"\0" not in data:
        return ""
    even, odd = data[0:_SAMPLE:2].count(0), data[1:_SAMPLE:2].count(0)
    name, few, many = ("utf-16-le", even, odd) if odd > even else ("utf-16-be", odd, even)
    if few * 4 > many or many * 20 < min(len(data), _SAMPLE) or not _decodes(data, name):
        return ""
    text = data[:_SAMPLE].decode(name, "ignore")
    return "" if _has_control(text.encode("utf-8")) else name


def _is_korean(data: bytes) -> bool:
    """Whether the text is CP949: nearly all of its non-ASCII characters are everyday Hangul.

    Those 2350 syllables take the lead bytes B0–C8; Japanese and Chinese read as CP949 give Hanja and rare syllables
    instead. A statistical guess has too few characters to go by in a short text.
    """
    try:
        letters = [c for c in data.decode("cp949") if c > "\x7f"]
    except UnicodeError:
        return False
    codes = [c.encode("cp949") for c in letters]
    everyday = sum(0xB0 <= code[0] <= 0xC8 and code[1] >= 0xA1 for code in codes if len(code) == 2)
    return bool(codes) and everyday >= 0.8 * len(codes)


def _most_plausible(data: bytes) -> str:
    from charset_normalizer import from_bytes

    lines = [line for line in data.splitlines(keepends=True) if not line.isascii()]
    sample = b"".join(lines)[:_SAMPLE]
    best = from_bytes(sample, cp_isolation=_CANDIDATES, language_threshold=0.0).best()
    name = best.encoding if best is not None else "cp1252"
    if not _decodes(data, name):
        name = next((n for n in ("cp1252", "cp949", "gb18030", "cp932", "latin-1") if _decodes(data, n)), name)
    return name
