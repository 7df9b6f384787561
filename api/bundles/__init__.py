"""One file for a citizen: redacted pictures, what was sealed, and the proofs. It is checked without the office."""
