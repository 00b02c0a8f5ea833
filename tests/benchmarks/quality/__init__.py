"""The quality of experiments with default settings, beside models that learn each task alone from the same rows."""
