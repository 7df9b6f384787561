"""Ways out of the office, all off by default."""
