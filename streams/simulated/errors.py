"""Errors of the simulated world.

WorldSettingError   a person must correct the sim:// URL
"""

from __future__ import annotations


class WorldSettingError(ValueError):
    """A setting of a `sim://` URL that the world does not know or cannot take."""
