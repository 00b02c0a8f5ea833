"""Persistent settings of the window, in an INI file in the application folder."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from mtl_core import locations

_RECENT = 10


def home() -> Path:
    """The application's folder, made if need be."""
    folder = locations.home()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Settings:
    """Typed access to ``window.ini``; pages keep their own under ``page/…`` with ``get`` and ``put``."""

    def __init__(self, folder: Path | None = None) -> None:
        self.file = (folder or home()) / "window.ini"
        self.qt = QSettings(str(self.file), QSettings.Format.IniFormat)

    def get(self, key: str, default: str = "") -> str:
        """A remembered text."""
        value = self.qt.value(key, default)
        return value if isinstance(value, str) else default

    def put(self, key: str, value: str) -> None:
        """Remember a text."""
        self.qt.setValue(key, value)

    def get_bytes(self, key: str) -> QByteArray:
        """A remembered geometry or splitter state; empty when there is none."""
        value = self.qt.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def put_bytes(self, key: str, value: QByteArray) -> None:
        """Remember a geometry or splitter state."""
        self.qt.setValue(key, value)

    def recent(self) -> list[Path]:
        """Files opened or saved of late, newest first, that are still there."""
        return [path for path in map(Path, self.get("recent").split("\n")) if path.name and path.is_file()]

    def add_recent(self, path: Path) -> None:
        """Put ``path`` first among the recent files."""
        path = path.absolute()
        paths = [path, *(other for other in self.recent() if other != path)]
        self.put("recent", "\n".join(str(item) for item in paths[:_RECENT]))
        self.sync()

    def sync(self) -> None:
        """Write the file now."""
        self.qt.sync()
