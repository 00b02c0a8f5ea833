"""The cards of the Data page."""
