"""What validation reports: messages, suggestions, and rules across the parts of an experiment."""
