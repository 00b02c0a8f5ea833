"""Runs that are started, queued and followed."""
