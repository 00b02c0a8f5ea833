"""Settings of the data: kinds of data sets, bundled sets, table formats, and notes about what was read."""
