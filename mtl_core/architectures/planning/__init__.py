"""Planning of a model: shapes, sizes and faults of all layers, found by building them on the meta device."""
