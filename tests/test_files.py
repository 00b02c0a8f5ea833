"""Files that are written as a whole."""

import errno
import os
import stat
from pathlib import Path

import pytest

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.files import atomic_write, write_text


def _write(path: Path, text: str = "new") -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text)


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    _write(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.touch()
    path.chmod(0o640)
    _write(path)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o640)


def test_an_error_in_the_block_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError), atomic_write(path) as temporary:
        temporary.write_text("half and \udc00", encoding="utf-8")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("old", "old")]


def test_no_file_of_the_user_is_taken_for_the_temporary_one(tmp_path: Path) -> None:
    (tmp_path / "p.csv.partial").write_text("mine")
    _write(tmp_path / "p.csv")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["p.csv", "p.csv.partial"]
    assert (tmp_path / "p.csv.partial").read_text() == "mine"


def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "link").symlink_to("file")
    _write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "new"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such devices")
def test_a_device_is_refused_and_stays() -> None:
    before = Path(os.devnull).stat().st_mode
    with pytest.raises(InputError, match="must be a plain file; found a device"):
        _write(Path(os.devnull))
    assert Path(os.devnull).stat().st_mode == before


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found a folder"):
        _write(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written; found No such file or directory"):
        _write(tmp_path / "none" / "file")


def test_a_name_of_300_letters_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="File name too long"):
        _write(tmp_path / ("x" * 300))


def test_a_full_disk_is_a_fault_of_the_surroundings_and_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(EnvironmentFault, match="No space left on device"), atomic_write(tmp_path / "file"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("file", "old")]


def test_text_is_written_in_utf_8(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "Δm …\n")
    assert (tmp_path / "file").read_bytes() == "Δm …\n".encode()
