"""The dialogs of the Data page: the query of a database, and a table that is joined."""
