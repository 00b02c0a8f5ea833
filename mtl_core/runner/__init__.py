"""A run as a process: executing it, and answering what the window asks of a worker.

``protocol`` and ``replay`` are free of torch; the rest is not.
"""
