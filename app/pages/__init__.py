"""The pages of the window, one per step of the work; no page imports another."""
