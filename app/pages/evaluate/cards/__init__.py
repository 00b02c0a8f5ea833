"""The cards of the Evaluate page."""
