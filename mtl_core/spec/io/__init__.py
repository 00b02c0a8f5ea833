"""Spec files, presets, settings from the command line, and the difference of two specs."""
