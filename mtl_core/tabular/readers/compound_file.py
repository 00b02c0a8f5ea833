"""Streams of a compound file, in which workbooks in xls lie: sectors, chained by an allocation table.

Every length that the file states is held against its size, and every chain against its number of sectors, so that a
file of any content is read in the memory that it takes itself.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_HEADER_BYTES = 512
_HEADER_ENTRIES = 109
"""Sectors of the file allocation table that the header itself lists; the others are listed in sectors of their own."""
_ENTRY_BYTES, _NAME_BYTES = 128, 64
_MINI_SECTOR_BYTES, _MINI_STREAM_BELOW = 64, 4096
"""A stream of fewer bytes lies in the mini stream, which has smaller sectors."""
_LAST_SECTOR = 0xFFFFFFFA
_END_OF_CHAIN = 0xFFFFFFFE


class DamagedFileError(Exception):
    """The file contradicts itself."""


@dataclass(frozen=True)
class _Entry:
    """A stream as the directory lists it: its name, its first sector and its length in bytes."""

    name: str
    start: int
    length: int


class CompoundFile:
    """A compound file.

    Args:
        data: The bytes of the file.

    Raises:
        DamagedFileError: It is not whole.
    """

    def __init__(self, data: bytes) -> None:
        shift = int.from_bytes(data[30:32], "little")
        if len(data) < _HEADER_BYTES or shift not in (9, 12):
            raise DamagedFileError("it has no header")
        self._data = data
        self._sector_bytes = 1 << shift
        self._sectors = -(-len(data) // self._sector_bytes)
        self._mini_fat_sectors = self._header_number(64)
        if max(self._header_number(44), self._mini_fat_sectors, self._header_number(72)) > self._sectors:
            raise DamagedFileError("its header names more sectors than there are")
        self._fat = self._read_fat()
        self._entries = self._read_directory()

    def streams(self, names: Sequence[str]) -> list[bytes]:
        """The content of the first stream of each name, without the names that no stream has.

        Raises:
            DamagedFileError: A stream is not whole.
        """
        entries = [next((entry for entry in self._entries if entry.name == name), None) for name in names]
        return [self._stream(entry) for entry in entries if entry is not None]

    def _header_number(self, offset: int) -> int:
        return int.from_bytes(self._data[offset : offset + 4], "little")

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._sector_bytes
        return self._data[start : start + self._sector_bytes]

    def _read_fat(self) -> list[int]:
        """The file allocation table: the number of the sector that follows each one."""
        numbers = list(struct.unpack_from(f"<{_HEADER_ENTRIES}I", self._data, 76))
        next_sector, visited = self._header_number(68), 0
        while next_sector < _LAST_SECTOR:
            content = _numbers(self._sector(next_sector))
            visited += 1
            if not content or visited > self._sectors:
                raise DamagedFileError("its allocation table does not end")
            *entries, next_sector = content
            numbers += entries
        numbers = [number for number in numbers if number < _LAST_SECTOR]
        if len(numbers) > self._sectors:
            raise DamagedFileError("its allocation table is larger than the file")
        return [entry for number in numbers for entry in _numbers(self._sector(number))]

    def _read_directory(self) -> list[_Entry]:
        limit = self._sectors * self._sector_bytes
        content = self._chain(self._header_number(48), limit + 1)
        if len(content) > limit:
            raise DamagedFileError("its directory does not end")
        starts = range(0, len(content) - _ENTRY_BYTES + 1, _ENTRY_BYTES)
        return [self._entry(content[start : start + _ENTRY_BYTES]) for start in starts]

    def _entry(self, content: bytes) -> _Entry:
        name = content[:_NAME_BYTES].decode("utf-16-le", "replace").partition("\0")[0]
        length_bytes = 4 if self._sector_bytes == 1 << 9 else 8
        length = int.from_bytes(content[120 : 120 + length_bytes], "little")
        return _Entry(name, int.from_bytes(content[116:120], "little"), length)

    def _stream(self, entry: _Entry) -> bytes:
        if entry.length >= _MINI_STREAM_BELOW:
            return self._whole(entry)
        mini_stream = self._whole(self._entries[0]) if self._mini_fat_sectors else b""
        mini_fat = _numbers(self._chain(self._header_number(60), self._mini_fat_sectors * self._sector_bytes))
        parts: list[bytes] = []
        number, length = entry.start, 0
        while number != _END_OF_CHAIN and length < entry.length:
            start = number * _MINI_SECTOR_BYTES
            if number >= len(mini_fat) or start >= len(mini_stream):
                raise DamagedFileError(f"its stream {entry.name} leads outside the file")
            parts.append(mini_stream[start : start + _MINI_SECTOR_BYTES])
            length += len(parts[-1])
            number = mini_fat[number]
        return b"".join(parts)[: entry.length]

    def _whole(self, entry: _Entry) -> bytes:
        """The content of an entry whose sectors are those of the file."""
        if entry.length > len(self._data):
            raise DamagedFileError(f"its stream {entry.name} is longer than the file")
        return self._chain(entry.start, entry.length)

    def _chain(self, number: int, length: int) -> bytes:
        """The sectors of a chain up to a length in bytes."""
        parts: list[bytes] = []
        length_read = 0
        while number != _END_OF_CHAIN and length_read < length:
            part = self._sector(number)
            if number >= len(self._fat) or not part:
                raise DamagedFileError("a chain of sectors leads outside the file")
            parts.append(part)
            length_read += len(part)
            number = self._fat[number]
        return b"".join(parts)[:length]


def _numbers(content: bytes) -> list[int]:
    """The 32-bit numbers of a sector."""
    return [number for (number,) in struct.iter_unpack("<I", content[: len(content) // 4 * 4])]
