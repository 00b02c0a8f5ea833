"""The editor for a list of layers."""
