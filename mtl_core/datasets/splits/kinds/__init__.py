"""The kinds of split, a module each, found by the name of the kind; each has ``assign(split, rows)``."""
