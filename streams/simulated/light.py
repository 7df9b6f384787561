"""Light of the scene by weather: sun, sky, street lamps. Colours are BGR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streams.simulated.settings import WorldSettings

Array = npt.NDArray[np.float64]
_LAMP_HEIGHT_M = 8.0
_SODIUM = np.array([0.52, 0.80, 1.0])
_WHITE_LED = np.array([1.0, 0.98, 0.92])


@dataclass(frozen=True, slots=True)
class Light:
    """What lights a face: ambient + sun * max(0, n.s) + street lamps nearby, as BGR factors.

    Attributes:
        to_sun: unit vector towards the sun.
        shadow: how dark a cast shadow is, 0..1.
        lamps_on: vehicles have their lamps on.
        noise: standard deviation of the sensor's noise, grey levels.
        lamps_m: places of burning street lamps (x, y, z); none by day.
        lamp_colour: what one lamp adds right below it.
        is_night: windows and signs are lit, headlamps throw beams.
        wetness: 0 dry, 1 the road mirrors.
    """

    to_sun: Array
    sun: Array
    ambient: Array
    sky_top: Array
    sky_low: Array
    shadow: float
    lamps_on: bool
    noise: float
    lamps_m: tuple[tuple[float, float, float], ...] = ()
    lamp_colour: tuple[float, float, float] = (0.0, 0.0, 0.0)
    is_night: bool = False
    wetness: float = 0.0

    def ambient_at(self, x_m: float, y_m: float) -> Array:
        """Light from everywhere at a place on the road, shape (3,)."""
        if not self.lamps_m:
            return self.ambient
        share = sum(1 / (1 + ((x_m - x) ** 2 + (y_m - y) ** 2) / z**2) ** 2 for x, y, z in self.lamps_m)
        return self.ambient + np.array(self.lamp_colour) * share

    def lamp_share(self, x_m: npt.NDArray[np.floating], y_m: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Light of all street lamps at road points, 1 right below one of them; the shape of x_m."""
        total = np.zeros(x_m.shape, dtype=np.float32)
        for x, y, z in self.lamps_m:
            total += 1 / (1 + ((x_m - x) ** 2 + (y_m - y) ** 2) / z**2) ** 2
        return total


def light_of(settings: WorldSettings) -> Light:
    """The light that weather and seed give."""
    rng = np.random.default_rng([settings.seed, 7])
    azimuth, high = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.65, 1.2))
    if settings.weather == "dusk":
        high = float(rng.uniform(0.3, 0.5))
    if settings.weather == "glare":
        azimuth, high = float(rng.uniform(-0.5, 0.5)), float(rng.uniform(0.36, 0.5))
    to_sun = np.array([np.sin(azimuth) * np.cos(high), np.cos(azimuth) * np.cos(high), np.sin(high)])
    if settings.weather == "overcast":
        return Light(to_sun, np.array([0.16, 0.16, 0.16]), np.array([0.88, 0.87, 0.85]), np.array([196.0, 190, 184]),
                     np.array([214.0, 210, 206]), 0.16, bool(rng.random() < 0.3), 2.2)  # fmt: skip
    if settings.weather == "dusk":
        dim = float(rng.uniform(0.5, 0.75))
        return Light(to_sun, np.array([0.18, 0.26, 0.36]) * dim, np.array([0.62, 0.54, 0.52]) * dim,
                     np.array([150.0, 118, 104]) * dim, np.array([130.0, 160, 214]) * dim, 0.22, True, 3.4)  # fmt: skip
    if settings.weather == "night":
        return _night(rng)
    if settings.weather == "rain":
        dim = float(rng.uniform(0.72, 0.95))
        return Light(to_sun, np.array([0.06, 0.06, 0.06]), np.array([0.74, 0.72, 0.69]) * dim,
                     np.array([150.0, 144, 138]) * dim, np.array([186.0, 182, 178]) * dim, 0.10, True, 3.0,
                     wetness=float(rng.uniform(0.5, 1.0)))  # fmt: skip
    if settings.weather == "glare":
        return Light(to_sun, np.array([0.62, 0.76, 0.88]), np.array([0.42, 0.42, 0.42]), np.array([232.0, 196, 156]),
                     np.array([226.0, 236, 246]), 0.42, False, 2.0)  # fmt: skip
    warm = float(rng.uniform(0.9, 1.06))
    return Light(to_sun, np.array([0.58, 0.64, 0.68]) * warm, np.array([0.58, 0.54, 0.50]), np.array([226.0, 178, 122]),
                 np.array([236.0, 222, 204]), float(rng.uniform(0.34, 0.5)), False, 1.6)  # fmt: skip


def _night(rng: np.random.Generator) -> Light:
    """Street lamps every 24 to 32 m on both sides of the road; the sky is nearly black."""
    apart_m, first_m = float(rng.uniform(24, 32)), float(rng.uniform(-14, -4))
    lamps_m = [(side * 7.0, first_m + (k + 0.5 * (side > 0)) * apart_m, _LAMP_HEIGHT_M)
               for k in range(6) for side in (-1.0, 1.0)]  # fmt: skip
    colour = (_SODIUM if rng.random() < 0.5 else _WHITE_LED) * float(rng.uniform(0.6, 0.85))
    return Light(
        np.array([0.0, 0.0, 1.0]), np.zeros(3), np.array([0.2, 0.175, 0.165]) * float(rng.uniform(0.8, 1.3)),
        np.array([26.0, 18, 14]), np.array([52.0, 46, 46]), 0.12, True, 5.0,
        lamps_m=tuple(lamps_m), lamp_colour=(float(colour[0]), float(colour[1]), float(colour[2])), is_night=True,
    )  # fmt: skip
