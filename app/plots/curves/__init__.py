"""Curves of series that grow while they are watched."""
