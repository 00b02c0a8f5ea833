"""The training loop and what it needs: devices, seeds, optimisers, batches, checkpoints."""
