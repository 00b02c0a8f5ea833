"""Check data before a run: leaks between splits, useless columns, cells that are not what they seem."""
