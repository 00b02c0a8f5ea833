"""Exact solvers of the optimization problems that weighting methods pose."""
