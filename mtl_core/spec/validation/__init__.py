"""Validation of specs: messages, suggestions, and rules across the parts of an experiment."""
