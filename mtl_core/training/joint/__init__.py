"""Several runs of one architecture trained in one loop."""
