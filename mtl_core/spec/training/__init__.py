"""The training part of an experiment: optimizer, schedule, length, stopping, initial weights."""
