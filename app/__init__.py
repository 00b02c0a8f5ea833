"""The window of MTL Workbench; it never imports torch."""
