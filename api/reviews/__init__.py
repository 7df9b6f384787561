"""A person's decision on a case, by the one table of moves."""
