"""Batches gathered from tensors in memory, and the order of the rows in an epoch."""
