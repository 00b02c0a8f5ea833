"""The models of the sharing schemes, a module for each, found by the scheme's kind."""
