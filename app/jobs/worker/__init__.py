"""Worker processes, their client, and the descriptions of data sets that they give."""
