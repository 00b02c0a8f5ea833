"""Analysis of runs: Δm, statistics over seeds, studies, best epochs, divergence; without torch."""
