"""Metrics of a run: losses per step, validation scores, throughput, progress."""
