"""Spec files, presets, overrides from the command line, and differences between specs."""
