"""The keeper: the only process that may lock, hold and delete evidence. It has a credential of its own."""
