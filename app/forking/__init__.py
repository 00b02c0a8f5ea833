"""Forks of runs in the window, and what can be done at a step of a curve."""

from app.forking.fork_flow import ask_fork
from app.forking.step_menu import StepMenu

__all__ = ["StepMenu", "ask_fork"]
