"""Table files to cells, by format."""
