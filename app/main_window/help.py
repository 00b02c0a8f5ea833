"""The help window, with a topic for each page of the main window."""

import platform
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from importlib.metadata import version

from PySide6.QtCore import Qt, QUrl, qVersion
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QTextBrowser, QWidget

from app.navigation import Page
from app.theme import GAP
from mtl_core.plugins import plugin_problems, plugins
from mtl_core.spec import LAYER_GROUPS, Sharing, Spec, Task, Weighting, kind_of, members
from mtl_core.spec.data.bundled import BUNDLED
from mtl_core.spec.data.readers import READER_PLUGINS
from mtl_core.spec.tasks import METRIC_PLUGINS, TASK_KINDS
from mtl_core.tabular.readers.formats import FORMATS

TOPICS = (
    "start",
    Page.DATA.help_topic,
    Page.MODEL.help_topic,
    Page.TRAINING.help_topic,
    "weighting",
    Page.LIVE.help_topic,
    Page.RUNS.help_topic,
    Page.COMPARE.help_topic,
    Page.EVALUATE.help_topic,
    Page.PREDICT.help_topic,
    "files",
    "about",
)
"""The files of ``resources/help``, in the order of the list of topics."""
_SIZE = (940, 680)
_LIST_DIGITS = 28
_MARGIN = 16


def _kinds_list(kinds: Iterable[type[Spec]]) -> str:
    return "\n".join(f"- **{spec.title}**: {spec.help()}{_package(spec)}" for spec in kinds)


def _package(spec: type[Spec]) -> str:
    """A note on the package that adds a kind; empty for a built-in one."""
    package = next((plugin for plugin in plugins() if plugin.kind == kind_of(spec)), None)
    return f" *From the package {package.package} {package.version}.*" if package else ""


def _layers() -> str:
    return "\n\n".join(f"### {group}\n\n{_kinds_list(kinds)}" for group, kinds in LAYER_GROUPS.items())


def _tasks() -> str:
    """The kinds of task, and the metrics that other packages add to them."""
    kinds = _kinds_list(members(Task))
    if not METRIC_PLUGINS:
        return kinds
    lines = []
    for metric in METRIC_PLUGINS.values():
        titles = [TASK_KINDS[kind].short_title() for kind in metric.tasks if kind in TASK_KINDS]
        lines.append(f"- **{metric.title}** ({', '.join(titles)}): {metric.help()}{_package(metric)}")
    return "\n".join([kinds, "", "### Metrics of other packages", "", *lines])


def _formats() -> str:
    lines = []
    for table in FORMATS:
        note = f": {table.note}" if table.note else ""
        reader = READER_PLUGINS.get(table.kind)
        package = f".{_package(reader)}" if reader else ""
        lines.append(f"- **{table.title}** ({', '.join(table.suffixes)}){note}{package}")
    return "\n".join(lines)


def _bundled() -> str:
    return "\n".join(f"- **{entry.title}**: {entry.description}" for entry in BUNDLED.values())


def _versions() -> str:
    from mtl_core.store import sqlite  # already loaded, on the store's thread

    versions = {"MTL Workbench": version("mtl-workbench"), "Python": platform.python_version(), "Qt": qVersion()}
    lines = [f"- **{name}** {version}" for name, version in (versions | {"SQLite": sqlite.describe_version()}).items()]
    lines += sorted({f"- **{plugin.package}** {plugin.version}" for plugin in plugins()})
    warnings = [sqlite.wal_warning(), *map(str, plugin_problems())]
    return "\n".join([*lines, *(f"\n**{text}**" for text in warnings if text)])


_PLACEHOLDERS: dict[str, Callable[[], str]] = {
    "bundled": _bundled,
    "formats": _formats,
    "tasks": _tasks,
    "sharing": lambda: _kinds_list(members(Sharing)),
    "layers": _layers,
    "weighting": lambda: _kinds_list(members(Weighting)),
    "versions": _versions,
}
"""Text that replaces ``{{name}}`` in a topic, generated mostly from the spec."""


@cache
def topic_text(topic: str) -> str:
    """The text of a topic as Markdown, with its placeholders replaced."""
    text = (resources.files("resources") / "help" / f"{topic}.md").read_text(encoding="utf-8")
    for name, make_text in _PLACEHOLDERS.items():
        placeholder = "{{" + name + "}}"
        text = text.replace(placeholder, make_text()) if placeholder in text else text
    return text


def topic_title(topic: str) -> str:
    """The title of a topic: its first heading."""
    return topic_text(topic).partition("\n")[0].removeprefix("# ")


class HelpWindow(QWidget):
    """The list of topics at the left, the text of the selected one at the right.

    Args:
        parent: The window with which it closes.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("help")
        self.setWindowTitle("Help · MTL Workbench")
        self.resize(*_SIZE)
        self.topics = QListWidget()
        self.topics.setObjectName("help-topics")
        self.topics.setAccessibleName("Topics")
        self.topics.addItems([topic_title(topic) for topic in TOPICS])
        self.topics.setFixedWidth(self.fontMetrics().horizontalAdvance("0") * _LIST_DIGITS)
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
        """Show a topic and bring the window to the front."""
        self.topics.setCurrentRow(TOPICS.index(topic))
        self.show()
        self.raise_()
        self.activateWindow()

    def _show(self, row: int) -> None:
        self.text.setMarkdown(topic_text(TOPICS[row]))

    def _follow(self, link: QUrl) -> None:
        self.open(link.path().removesuffix(".md"))
