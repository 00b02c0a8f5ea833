"""Sharing schemes, one module each, and the building blocks they have in common."""
