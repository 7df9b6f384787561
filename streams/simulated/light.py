"""Light of the scene by weather: sun, sky, haze. Colours are BGR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streams.simulated.settings import WorldSettings

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Light:
    """What lights a face: ambient + sun * max(0, n.s), as BGR factors.

    Attributes:
        to_sun: unit vector towards the sun.
        shadow: how dark a cast shadow is, 0..1.
        lamps_on: vehicles have their lamps on.
        noise: standard deviation of the sensor's noise, grey levels.
    """

    to_sun: Array
    sun: Array
    ambient: Array
    sky_top: Array
    sky_low: Array
    shadow: float
    lamps_on: bool
    noise: float


def light_of(settings: WorldSettings) -> Light:
    """The light that weather and seed give."""
    rng = np.random.default_rng([settings.seed, 7])
    azimuth, high = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.65, 1.2))
    if settings.weather == "dusk":
        high = float(rng.uniform(0.3, 0.5))
    to_sun = np.array([np.sin(azimuth) * np.cos(high), np.cos(azimuth) * np.cos(high), np.sin(high)])
    if settings.weather == "overcast":
        return Light(to_sun, np.array([0.16, 0.16, 0.16]), np.array([0.88, 0.87, 0.85]), np.array([196.0, 190, 184]),
                     np.array([214.0, 210, 206]), 0.16, bool(rng.random() < 0.3), 2.2)  # fmt: skip
    if settings.weather == "dusk":
        dim = float(rng.uniform(0.5, 0.75))
        return Light(to_sun, np.array([0.18, 0.26, 0.36]) * dim, np.array([0.62, 0.54, 0.52]) * dim,
                     np.array([150.0, 118, 104]) * dim, np.array([130.0, 160, 214]) * dim, 0.22, True, 3.4)  # fmt: skip
    warm = float(rng.uniform(0.9, 1.06))
    return Light(to_sun, np.array([0.58, 0.64, 0.68]) * warm, np.array([0.58, 0.54, 0.50]), np.array([226.0, 178, 122]),
                 np.array([236.0, 222, 204]), float(rng.uniform(0.34, 0.5)), False, 1.6)  # fmt: skip
