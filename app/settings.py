"""Persistent settings of the window, in an INI file in the application folder."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from mtl_core import locations

_RECENT = 10


def home() -> Path:
    """The application's folder; it is created if it does not exist."""
    folder = locations.home()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Settings:
    """Typed access to ``window.ini``; pages keep their settings under ``page/…``."""

    def __init__(self, folder: Path | None = None) -> None:
        self.file = (folder or home()) / "window.ini"
        self.qt = QSettings(str(self.file), QSettings.Format.IniFormat)

    def get(self, key: str, default: str = "") -> str:
        """The string stored under a key."""
        value = self.qt.value(key, default)
        return value if isinstance(value, str) else default

    def put(self, key: str, value: str) -> None:
        """Store a string."""
        self.qt.setValue(key, value)

    def get_bytes(self, key: str) -> QByteArray:
        """The geometry or splitter state stored under a key; empty if there is none."""
        value = self.qt.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def put_bytes(self, key: str, value: QByteArray) -> None:
        """Store a geometry or splitter state."""
        self.qt.setValue(key, value)

    def recent(self) -> list[Path]:
        """Files opened or saved recently that still exist, newest first."""
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
