"""Lists of layers, edited in place."""
