"""What a run measures: losses per step, validation scores, throughput."""
