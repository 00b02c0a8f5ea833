"""What the processes say to each other and to the store: frozen, typed messages, free of torch."""
