"""Kinds of input: how each is read from columns, fitted on the training rows, and read from new rows."""
