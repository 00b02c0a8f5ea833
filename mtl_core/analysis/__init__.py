"""What runs came to: Δm, statistics over seeds, studies, best epochs. Free of torch."""
