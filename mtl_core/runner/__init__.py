"""Execution of runs: in worker processes that answer a window, on the command line and from Python.

``replay`` does not import torch; the other modules do.
"""
