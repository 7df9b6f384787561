"""The signal's housing: where it hangs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streams.simulated.layout import Layout

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SignalHead:
    """Housing of three lamps, facing the approach; x, y, z of its middle, metres."""

    x_m: float
    y_m: float
    z_m: float
    pole_x_m: float
    lamp_m: float = 0.34

    def corners_m(self) -> Array:
        """Front corners, top left first."""
        half_w, half_h = self.lamp_m * 0.68, self.lamp_m * 1.72
        return np.array(
            [
                (self.x_m + dx * half_w, self.y_m - 0.15, self.z_m + dz * half_h)
                for dx, dz in ((-1, 1), (1, 1), (1, -1), (-1, -1))
            ]
        )

    def lamp_centre_m(self, place: int) -> Array:
        """Middle of lamp 0 (top, red), 1 or 2."""
        return np.array([[self.x_m, self.y_m - 0.17, self.z_m + self.lamp_m * 1.1 * (1 - place)]])


def head_of(seed: int, layout: Layout) -> SignalHead:
    """On a pole at the near right corner, behind the zebra, or on an arm above the kerb lane."""
    rng = np.random.default_rng([seed, 12])
    pole_x_m = layout.width_m + float(rng.uniform(0.7, 1.1))
    y_m = float(rng.uniform(5.0, 6.2))
    on_arm = rng.random() < 0.4
    x_m = pole_x_m - float(rng.uniform(1.6, 2.8)) if on_arm else pole_x_m - 0.35
    return SignalHead(x_m, y_m, float(rng.uniform(4.6, 5.0)) if on_arm else float(rng.uniform(3.3, 3.9)), pole_x_m)
