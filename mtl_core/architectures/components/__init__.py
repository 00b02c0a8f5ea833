"""Modules from which the sharing schemes are built: heads, towers, experts and gates."""
