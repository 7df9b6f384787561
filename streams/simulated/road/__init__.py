"""`sim://road`: a straight road seen from a pole, with a rule for every strip of it."""
