"""The data sets that come with the application; none is downloaded."""
