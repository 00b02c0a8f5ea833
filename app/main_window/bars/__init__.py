"""The bars around the page: rail, top bar, status line, messages."""
