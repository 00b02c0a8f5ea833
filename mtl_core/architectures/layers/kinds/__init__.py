"""The kinds of layers, a module for each group of them: its checks, its builders, and ``KINDS``."""
