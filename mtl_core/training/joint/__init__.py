"""Joint training of several runs of one architecture in one loop."""
