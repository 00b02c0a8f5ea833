"""What a page offers for all of its plots: a common cursor, files, an enlarged view and an order of its own."""
