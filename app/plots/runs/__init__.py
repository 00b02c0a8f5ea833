"""Plots of runs by their metrics: points, parallel coordinates, bars; a click picks a run."""
