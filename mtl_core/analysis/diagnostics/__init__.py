"""Diagnostics of a run's predictions on one split: confusion, curves, calibration, residuals, groups, hardest rows."""
