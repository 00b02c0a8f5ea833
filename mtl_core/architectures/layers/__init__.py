"""Layers: how each kind is checked, built and described."""
