"""Records in: files of a station, tried row by row, imported whole or not at all."""
