"""View models of the Compare page: pure functions without Qt."""
