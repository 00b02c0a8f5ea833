"""Tables and their columns: from the bytes of a file to typed columns of numbers and categories. Free of torch."""
