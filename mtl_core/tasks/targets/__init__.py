"""From the cells of target columns to labels, to what is known of a target, and to tensors."""
