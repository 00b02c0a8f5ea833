"""Runs of other programs, read from the files that these have written."""
