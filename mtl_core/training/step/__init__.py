"""The forward pass of a batch: losses, precision, micro-batches, compilation."""
