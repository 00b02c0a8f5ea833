"""Methods that combine the tasks' gradients, and measures of how far those agree."""
