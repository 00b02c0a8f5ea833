"""The process a run trains in: device, threads, seeds."""
