"""The topics of the application's help, which are the pages about the window."""

from app.main_window.help import topic_text


def help_topic(topic: str) -> str:
    """A topic as Markdown, its lists filled from the spec as in the window."""
    return topic_text(topic)
