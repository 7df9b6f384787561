"""What the system knows. This room imports none of the others."""
