"""Weights from another run: initial weights, heads of old tasks, and what keeps those from being forgotten."""
