"""Reports on compared runs: their tables as Markdown, LaTeX and CSV, and all of it on one page of HTML or as a PDF."""
