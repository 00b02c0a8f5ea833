"""Modules of layers that torch lacks, or has only with another order of dimensions."""
