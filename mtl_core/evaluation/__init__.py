"""Trained models: metrics on a split, predictions as a table, inference cost, and a folder to read them from."""
