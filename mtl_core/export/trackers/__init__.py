"""Runs in the formats of other trackers, written and read by their own libraries, offline."""
