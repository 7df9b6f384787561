"""Plates: a vehicle's or a plate's picture in, letters and digits out, or why not. Another reader is one file."""

from detector.vision.plates.reader import PlateReader, open_plate_reader

__all__ = ["PlateReader", "open_plate_reader"]
