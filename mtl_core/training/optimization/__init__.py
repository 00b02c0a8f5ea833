"""Optimizers, parameter groups, learning rates, averaged weights, early stopping."""
