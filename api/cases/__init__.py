"""From a worker's submission to a verified case, and what people may read of it."""
