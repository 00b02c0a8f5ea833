"""Listing of folders of files: classes, nested folders, splits, links in circles."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mtl_core.errors import InputError
from mtl_core.media.file_listing import FileListing
from mtl_core.media.file_listing import list_files as list_of_suffixes
from mtl_core.media.images.image_file import IMAGE_SUFFIXES


def list_files(folder: Path) -> FileListing:
    return list_of_suffixes(folder, IMAGE_SUFFIXES)


def make(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def test_the_outermost_folder_is_the_class(tmp_path: Path) -> None:
    folder = make(tmp_path, "roses/1.png", "roses/red/2.JPG", "lilies/3.webp", "4.png", "lilies/notes.txt", ".x/5.png")
    listing = list_files(folder)
    assert [(image.name, image.label) for image in listing.files] == [
        ("4.png", None),
        ("lilies/3.webp", "lilies"),
        ("roses/1.png", "roses"),
        ("roses/red/2.JPG", "roses"),
    ]
    assert listing.others == ("lilies/notes.txt",)


def test_folders_of_splits_are_no_classes(tmp_path: Path) -> None:
    images = list_files(make(tmp_path, "train/a/1.png", "Test/a/2.png", "valid/b/3.png")).files
    assert {(image.label, image.split) for image in images} == {("a", 0), ("a", 2), ("b", 1)}
    mixed = list_files(make(tmp_path, "roses/1.png")).files
    assert {(image.label, image.split) for image in mixed} == {(n, None) for n in ("train", "Test", "valid", "roses")}


def test_links_in_circles_are_followed_once(tmp_path: Path) -> None:
    folder = make(tmp_path / "data", "a/1.png", "b/2.png")
    make(tmp_path / "elsewhere", "3.png")
    try:
        (folder / "a" / "loop").symlink_to(folder)
        (folder / "a" / "sibling").symlink_to(folder / "b")
        (folder / "c").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "elsewhere" / "back").symlink_to(tmp_path)
        (folder / "d").symlink_to(tmp_path / "nothing")
    except OSError:
        pytest.skip("this system makes no links")
    listing = list_files(folder)
    assert [image.name for image in listing.files] == ["a/1.png", "b/2.png", "c/3.png"]
    assert listing.loops == ("a/loop", "a/sibling", "c/back")


def add(folder: Path) -> None:
    make(folder, "b/3.png")


def remove(folder: Path) -> None:
    (folder / "a/1.png").unlink()


def remove_folder(folder: Path) -> None:
    (folder / "b/2.png").unlink()
    (folder / "b").rmdir()


@pytest.mark.parametrize("change", [add, remove, remove_folder])
def test_a_listing_is_current_until_a_file_comes_or_goes(change: Callable[[Path], None], tmp_path: Path) -> None:
    folder = make(tmp_path, "a/1.png", "b/2.png")
    for path in (folder, folder / "a", folder / "b"):
        os.utime(path, (1, 1))
    listing = list_files(folder)
    assert listing.is_current()
    change(folder)
    assert not listing.is_current()


@pytest.mark.parametrize(
    ("names", "message"), [((), "no file"), (("a/notes.txt",), "1 files of other kinds"), (None, "must be a folder")]
)
def test_a_folder_without_images_is_refused(names: tuple[str, ...] | None, message: str, tmp_path: Path) -> None:
    folder = tmp_path / "missing" if names is None else make(tmp_path, *names)
    with pytest.raises(InputError, match=message):
        list_files(folder)
