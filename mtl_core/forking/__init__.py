"""Forks: new runs that begin with a checkpoint of another run and with a copy of its history; without torch."""
