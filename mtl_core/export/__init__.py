"""Runs as files that other programs and other stores read; without torch."""
