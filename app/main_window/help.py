"""The help: a window of its own beside the work, with a topic for each page."""

import platform
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from importlib.metadata import version

from PySide6.QtCore import Qt, QUrl, qVersion
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QTextBrowser, QWidget

from app.theme import GAP
from mtl_core.plugins import plugin_problems, plugins
from mtl_core.spec import LAYER_GROUPS, Sharing, Spec, Task, Weighting, kind_of, members
from mtl_core.tabular.readers.formats import FORMATS

TOPICS = ("start", "data", "model", "training", "weighting", "live", "runs", "compare", "files", "about")
"""The files of ``resources/help``, in the order of the work; pages open at the topic of their name."""
_SIZE = (940, 680)
_LIST_CHARACTERS = 28
_MARGIN = 16


def _list(kinds: Iterable[type[Spec]]) -> str:
    return "\n".join(f"- **{spec.title}**: {spec.help()}{_package(spec)}" for spec in kinds)


def _package(spec: type[Spec]) -> str:
    """The package that adds a kind; empty for ours."""
    package = next((plugin for plugin in plugins() if plugin.kind == kind_of(spec)), None)
    return f" *From the package {package.package} {package.version}.*" if package else ""


def _layers() -> str:
    return "\n\n".join(f"### {group}\n\n{_list(kinds)}" for group, kinds in LAYER_GROUPS.items())


def _formats() -> str:
    lines = [
        f"- **{one.title}** ({', '.join(one.suffixes)})" + (f": {one.note}" if one.note else "") for one in FORMATS
    ]
    return "\n".join(lines)


def _versions() -> str:
    from mtl_core.store import sqlite  # loaded by now, on the store's thread

    versions = {"MTL Workbench": version("mtl-workbench"), "Python": platform.python_version(), "Qt": qVersion()}
    lines = [f"- **{name}** {version}" for name, version in (versions | {"SQLite": sqlite.describe_version()}).items()]
    lines += sorted({f"- **{plugin.package}** {plugin.version}" for plugin in plugins()})
    warnings = [sqlite.wal_warning(), *map(str, plugin_problems())]
    return "\n".join([*lines, *(f"\n**{text}**" for text in warnings if text)])


_PLACES: dict[str, Callable[[], str]] = {
    "formats": _formats,
    "tasks": lambda: _list(members(Task)),
    "sharing": lambda: _list(members(Sharing)),
    "layers": _layers,
    "weighting": lambda: _list(members(Weighting)),
    "versions": _versions,
}
"""What a topic takes from elsewhere, mostly the spec, so that it is written once: the place is ``{{name}}``."""


@cache
def topic_text(topic: str) -> str:
    """A topic as Markdown."""
    text = (resources.files("resources") / "help" / f"{topic}.md").read_text(encoding="utf-8")
    for name, made in _PLACES.items():
        place = "{{" + name + "}}"
        text = text.replace(place, made()) if place in text else text
    return text


def title_of(topic: str) -> str:
    """Its first heading."""
    return topic_text(topic).partition("\n")[0].removeprefix("# ")


class HelpWindow(QWidget):
    """Topics at the left, the chosen one at the right; links lead from one to another.

    Args:
        parent: With which it closes.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("help")
        self.setWindowTitle("Help · MTL Workbench")
        self.resize(*_SIZE)
        self.topics = QListWidget()
        self.topics.setObjectName("help-topics")
        self.topics.setAccessibleName("Topics")
        self.topics.addItems([title_of(topic) for topic in TOPICS])
        self.topics.setFixedWidth(self.fontMetrics().horizontalAdvance("0") * _LIST_CHARACTERS)
        self.text = QTextBrowser()
        self.text.setObjectName("help-text")
        self.text.setAccessibleName("Help")
        self.text.setOpenLinks(False)
        self.text.document().setDocumentMargin(_MARGIN)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, GAP, GAP, GAP)
        row.setSpacing(GAP)
        row.addWidget(self.topics)
        row.addWidget(self.text, 1)
        self.topics.currentRowChanged.connect(self._show)
        self.text.anchorClicked.connect(self._follow)
        self.topics.setCurrentRow(0)

    def open(self, topic: str) -> None:
        """Come to the front with a topic."""
        self.topics.setCurrentRow(TOPICS.index(topic))
        self.show()
        self.raise_()
        self.activateWindow()

    def _show(self, row: int) -> None:
        self.text.setMarkdown(topic_text(TOPICS[row]))

    def _follow(self, link: QUrl) -> None:
        self.open(link.path().removesuffix(".md"))
