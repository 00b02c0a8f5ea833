"""The kinds of data set, a module each, found by the name of the kind."""
