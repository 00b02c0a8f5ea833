"""The checks of data, a module each; each has ``find(data)``, which yields what it finds."""
