"""Icons, presets, sample data and help that come with the application."""
