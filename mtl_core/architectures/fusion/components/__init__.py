"""Modules from which the kinds of fusion are built: modules by input, rows, tokens, attention."""
