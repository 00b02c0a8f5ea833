"""Weightings that wrap another weighting: manual weight overrides and loss normalization."""
