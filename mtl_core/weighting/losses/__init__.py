"""Methods that weight the losses."""
