"""Read the bytes of a picture or sound file, within limits."""

import stat
from pathlib import Path

from mtl_core.errors import InputError, file_error

MAX_BYTES = 2**29
_READ_FIX = "See that it exists and may be read."


def read_media_bytes(path: str | Path) -> bytes:
    """Read a picture or sound file as a whole.

    Raises:
        InputError: There is no such file, it is empty, too large, or not a plain file.
        EnvironmentFault: It may not be read.
    """
    try:
        status = Path(path).stat()
        data = Path(path).read_bytes() if stat.S_ISREG(status.st_mode) and status.st_size <= MAX_BYTES else b""
    except OSError as error:
        raise file_error(path, "cannot be read", error, _READ_FIX) from None
    except ValueError as error:  # a NUL character
        raise InputError(str(path), "must be a file name", found=error) from None
    if not stat.S_ISREG(status.st_mode):
        raise InputError(str(path), "must be a file", fix="Give the name of a picture or sound file.")
    if status.st_size > MAX_BYTES:
        raise InputError(str(path), f"must have at most {MAX_BYTES >> 20} MB", found=f"{status.st_size >> 20} MB")
    if not data:
        raise InputError(str(path), "the file is empty", fix="Replace it, or leave it out of the data.")
    return data
