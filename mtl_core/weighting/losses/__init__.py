"""Loss-based weighting: fixed weights and scalarizations of the losses."""
