"""How a store of an older version becomes one of this version; each released schema has a database in the tests."""
