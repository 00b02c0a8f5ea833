"""Training loop, with the batches, optimizers, metrics, checkpoints, transfer and runtime it needs."""
