"""The cards of the Compare page."""
