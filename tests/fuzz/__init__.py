"""Inputs damaged at random, and whether each is answered as an input at fault should be.

``python -m tests.fuzz --specs 10000`` tries that many; a few of each are among the tests.
"""
