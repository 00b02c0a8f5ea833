"""Arrays in files: NumPy and IDX."""

ARRAY_SUFFIXES = (".npz", ".npy", ".idx", "-ubyte", "-ubyte.gz", ".idx.gz", ".npy.gz")
"""How the names of files with arrays end; of a folder only such files are read."""

NO_ARRAYS = "the folder holds no arrays"
"""The rule that a folder without such files breaks."""


def is_array_name(name: str) -> bool:
    """Whether a file holds arrays by its name."""
    return name.lower().endswith(ARRAY_SUFFIXES)
