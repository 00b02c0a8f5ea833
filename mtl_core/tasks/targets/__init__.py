"""Target columns to labels, to descriptions of targets, and to tensors."""
