"""Gradient-based weighting: Jacobians, their aggregation to one update, and diagnostics of gradient conflict."""
