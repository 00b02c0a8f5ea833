"""The inputs of an experiment: what a model reads from each row."""
