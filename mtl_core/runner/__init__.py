"""Execution of runs in worker processes, and the requests that a window sends to a worker.

``wire`` and ``replay`` do not import torch; the other modules do.
"""
