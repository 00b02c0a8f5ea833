"""One module for each sharing scheme, and the blocks they are built from."""
