"""Optimizers, parameter groups, learning rate schedules, weight averaging, early stopping."""
