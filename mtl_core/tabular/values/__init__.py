"""Cells to numbers: numerals of any locale, dates and times."""
