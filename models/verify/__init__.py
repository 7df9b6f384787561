"""Verifying what was sealed, offline. Imports the domain and two libraries: no office, no worker."""
