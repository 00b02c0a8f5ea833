"""What the cards of the Compare page show, as pure functions without Qt."""
