"""A model tried out on the meta device, layer by layer, before it is built."""
