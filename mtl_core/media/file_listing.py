"""List the files of a folder that has a folder for each class."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mtl_core.errors import InputError, file_error

SPLIT_FOLDERS = {"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "test": 2, "testing": 2}
"""The split of the rows in a folder of that name, where all folders have such names."""
_HIDDEN = (".", "__MACOSX")


@dataclass(frozen=True)
class ListedFile:
    """A file in a folder.

    Attributes:
        name: Its path in the folder, with slashes.
        label: Its class, the name of the outermost folder; None where it lies in none.
        split: 0, 1 or 2 for training, validation and test, where the outermost folders are splits.
    """

    name: str
    label: str | None
    split: int | None = None


@dataclass(frozen=True)
class FileListing:
    """The files of a folder, in the order of their names, and what else is there.

    Attributes:
        files: The files with a suffix that was asked for.
        others: Other files.
        loops: Links to folders that are listed elsewhere.
        folders: The folders and their modification times in ns, which change when a file is added or removed.
    """

    files: tuple[ListedFile, ...]
    others: tuple[str, ...] = ()
    loops: tuple[str, ...] = ()
    folders: tuple[tuple[Path, int], ...] = field(default=(), repr=False)

    def is_current(self) -> bool:
        """Whether no file was added or removed since."""
        try:
            return all(folder.stat().st_mtime_ns == time for folder, time in self.folders)
        except OSError:
            return False


def list_files(folder: str | Path, suffixes: Collection[str]) -> FileListing:
    """List the files of a folder and of the folders in it; a link to a folder is followed once.

    Args:
        folder: The folder.
        suffixes: Suffixes of the files, in lower case.

    Raises:
        InputError: There is no such folder, or no such file in it.
        EnvironmentFault: It may not be read.
    """
    root = Path(folder).expanduser().absolute()
    walk = _Walk(Path(os.path.realpath(root)))
    try:
        if not root.is_dir():
            raise InputError(str(folder), "must be a folder", fix="Choose one with a folder for each class.")
        names = list(walk.files(root, ""))
    except OSError as error:
        raise file_error(folder, "cannot be read", error) from None
    except ValueError as error:  # a NUL character
        if isinstance(error, InputError):
            raise
        raise InputError(str(folder), "must be the name of a folder", found=error) from None
    listed = [name for name in names if Path(name).suffix.lower() in suffixes]
    others = [name for name in names if Path(name).suffix.lower() not in suffixes]
    if not listed:
        known = ", ".join(sorted(suffixes))
        found = f"{len(others)} files of other kinds" if others else "no file"
        raise InputError(str(folder), f"must hold files of these kinds: {known}", found=found)
    return FileListing(_label(listed), tuple(others), tuple(walk.loops), tuple(walk.folders))


class _Walk:
    """The files of a folder and of those in it.

    Args:
        root: The folder, links resolved.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._targets: set[Path] = set()
        self.loops: list[str] = []
        self.folders: list[tuple[Path, int]] = []

    def files(self, folder: Path, prefix: str) -> Iterator[str]:
        """The names of the files of a folder, each after a prefix, in their order."""
        self.folders.append((folder, folder.stat().st_mtime_ns))
        for path in sorted(folder.iterdir()):
            if path.name.startswith(_HIDDEN):
                continue
            name = f"{prefix}{path.name}"
            if not path.is_dir():
                yield name
            elif self._leads_elsewhere(path, name):
                yield from self.files(path, f"{name}/")

    def _leads_elsewhere(self, folder: Path, name: str) -> bool:
        """Whether a folder is no link, or one to a folder that is not listed otherwise."""
        if not folder.is_symlink():
            return True
        target = Path(os.path.realpath(folder))
        if target in self._targets or target.is_relative_to(self._root) or self._root.is_relative_to(target):
            self.loops.append(name)
            return False
        self._targets.add(target)
        return True


def _label(names: list[str]) -> tuple[ListedFile, ...]:
    """The class of each file: its outermost folder, below the folders of splits if there are only these."""
    parts = [name.split("/") for name in names]
    outermost = {path[0].lower() for path in parts if len(path) > 1}
    if len(outermost) > 1 and outermost <= set(SPLIT_FOLDERS) and all(len(path) > 2 for path in parts):
        return tuple(
            ListedFile(name, path[1], SPLIT_FOLDERS[path[0].lower()]) for name, path in zip(names, parts, strict=True)
        )
    return tuple(ListedFile(name, path[0] if len(path) > 1 else None) for name, path in zip(names, parts, strict=True))
