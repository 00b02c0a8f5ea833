"""Launches, queues and follows runs."""
