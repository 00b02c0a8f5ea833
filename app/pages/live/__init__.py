"""The Live page: a run as it happens, and afterwards."""

from app.pages.live.page import LivePage

__all__ = ["LivePage"]
