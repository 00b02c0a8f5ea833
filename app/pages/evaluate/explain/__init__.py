"""The explanation of a run's model and of one of its predictions."""
