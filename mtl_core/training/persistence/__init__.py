"""Checkpoints as safetensors files with a JSON header."""
