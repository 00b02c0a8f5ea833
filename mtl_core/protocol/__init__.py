"""Messages between the processes and in the store: frozen, typed, and free of torch."""
