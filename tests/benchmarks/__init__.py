"""What the application costs: speed of training, start of the window, blocking of its thread."""
