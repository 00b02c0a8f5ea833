"""The run store off the GUI thread."""
