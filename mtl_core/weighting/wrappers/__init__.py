"""Weightings around another weighting: weights set by hand, normalized losses."""
