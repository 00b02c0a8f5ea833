"""List a folder of images that has a folder for each class."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mtl_core.errors import InputError, file_error
from mtl_core.media.images.image_file import IMAGE_SUFFIXES

SPLIT_FOLDERS = {"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "test": 2, "testing": 2}
"""The split of the rows in a folder of that name, where all folders have such names."""
_HIDDEN = (".", "__MACOSX")


@dataclass(frozen=True)
class ImageFile:
    """An image in a folder.

    Attributes:
        name: Its path in the folder, with slashes.
        label: Its class, the name of the outermost folder; None where it lies in none.
        split: 0, 1 or 2 for training, validation and test, where the outermost folders are splits.
    """

    name: str
    label: str | None
    split: int | None = None


@dataclass(frozen=True)
class FolderListing:
    """The images of a folder, in the order of their names, and what else is there.

    Attributes:
        images: The images.
        others: Files that are no images by their names.
        loops: Links to folders that are listed elsewhere.
        stamp: Changes when a file is added, removed or replaced.
    """

    images: tuple[ImageFile, ...]
    others: tuple[str, ...] = ()
    loops: tuple[str, ...] = ()
    stamp: tuple[tuple[str, int, int], ...] = field(default=(), repr=False)


_File = tuple[str, os.stat_result]


def list_images(folder: str | Path) -> FolderListing:
    """List the images of a folder and of the folders in it; a link to a folder is followed once.

    Raises:
        InputError: There is no such folder, or no image in it.
        EnvironmentFault: It may not be read.
    """
    root = Path(folder).expanduser()
    others, loops, names = list[str](), list[str](), list[tuple[str, int, int]]()
    try:
        if not root.is_dir():
            raise InputError(str(folder), "must be a folder of images", fix="Choose one with a folder for each class.")
        for name, status in _walk(root, "", Path(os.path.realpath(root)), set(), loops):
            if Path(name).suffix.lower() in IMAGE_SUFFIXES:
                names.append((name, status.st_size, status.st_mtime_ns))
            else:
                others.append(name)
    except OSError as error:
        raise file_error(folder, "cannot be read", error) from None
    if not names:
        found = f"{len(others)} files of other kinds" if others else "no file"
        raise InputError(str(folder), "must hold images (PNG, JPEG, …)", found=found)
    return FolderListing(_label([name for name, _, _ in names]), tuple(others), tuple(loops), tuple(names))


def _walk(folder: Path, prefix: str, root: Path, links: set[Path], loops: list[str]) -> Iterator[_File]:
    """The files of a folder and of those in it, by name.

    Args:
        folder: The folder.
        prefix: What its files' names begin with.
        root: The folder whose content is listed, links resolved.
        links: The targets of links that were followed.
        loops: Gets the names of links to folders that are listed elsewhere, or that hold this one.
    """
    for path in sorted(folder.iterdir()):
        if path.name.startswith(_HIDDEN):
            continue
        try:
            if not path.is_dir():
                yield f"{prefix}{path.name}", path.stat()
                continue
            if path.is_symlink():
                target = Path(os.path.realpath(path))
                if target in links or target.is_relative_to(root) or root.is_relative_to(target):
                    loops.append(f"{prefix}{path.name}")
                    continue
                links.add(target)
            yield from _walk(path, f"{prefix}{path.name}/", root, links, loops)
        except FileNotFoundError:  # a link to nothing, or a file that went meanwhile
            continue


def _label(names: list[str]) -> tuple[ImageFile, ...]:
    """The class of each image: its outermost folder, below the folders of splits if there are only these."""
    parts = [name.split("/") for name in names]
    outermost = {path[0].lower() for path in parts if len(path) > 1}
    if len(outermost) > 1 and outermost <= set(SPLIT_FOLDERS) and all(len(path) > 2 for path in parts):
        return tuple(
            ImageFile(name, path[1], SPLIT_FOLDERS[path[0].lower()]) for name, path in zip(names, parts, strict=True)
        )
    return tuple(ImageFile(name, path[0] if len(path) > 1 else None) for name, path in zip(names, parts, strict=True))
