"""The Live page: curves, weights and events of one run, during and after training."""

from app.pages.live.page import LivePage

__all__ = ["LivePage"]
