"""One file, one rule. A file here is found by the rulebook; one that does not import stops the start."""
