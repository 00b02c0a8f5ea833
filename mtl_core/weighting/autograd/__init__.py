"""Backward passes that compute a separate gradient for each task."""
