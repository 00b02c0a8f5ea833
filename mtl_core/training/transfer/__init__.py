"""Transfer from another run: initial weights, heads of old tasks, and regularization against forgetting."""
