"""Cameras in the browser: files proposed and approved by two persons, workers asked for pictures and trials."""
