"""Arrays in files: NumPy and IDX."""
