"""The help: topics and links between them."""

import re

import pytest
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

from app.main_window.help import TOPICS, HelpWindow, topic_text, topic_title
from mtl_core.spec import LAYER_GROUPS, Sharing, Task, Weighting, members
from mtl_core.store import sqlite


@pytest.mark.parametrize("topic", TOPICS)
def test_links_lead_to_topics_and_no_place_is_left_empty(topic: str) -> None:
    text = topic_text(topic)
    assert text.startswith("# ")
    assert "{{" not in text
    assert {link.removesuffix(".md") for link in re.findall(r"\]\(([^)]+)\)", text)} <= set(TOPICS)


def test_every_kind_of_the_spec_is_explained() -> None:
    layers = [layer for group in LAYER_GROUPS.values() for layer in group]
    kinds = {"data": members(Task), "model": (*members(Sharing), *layers), "weighting": members(Weighting)}
    for topic, specs in kinds.items():
        text = topic_text(topic)
        assert all(f"- **{spec.title}**: {spec.help()}" in text for spec in specs)


def test_a_link_opens_another_topic(qtbot: QtBot) -> None:
    window = HelpWindow()
    qtbot.addWidget(window)
    window.open("live")
    assert window.isVisible()
    assert "Follows one run" in window.text.toPlainText()
    window.text.anchorClicked.emit(QUrl("weighting.md"))
    assert window.topics.currentItem().text() == topic_title("weighting")
    assert "Nash-MTL" in window.text.toPlainText()


def test_about_names_the_version_of_sqlite_and_warns_of_an_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sqlite.describe_version() in topic_text("about")
    assert "can lose data" not in topic_text("about") or not sqlite.has_safe_wal()
    topic_text.cache_clear()
    monkeypatch.setattr(sqlite, "has_safe_wal", lambda: False)
    try:
        assert sqlite.wal_warning() in topic_text("about")
    finally:
        topic_text.cache_clear()
