"""Backward passes that give each task's gradient apart."""
