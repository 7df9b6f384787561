"""Finds priority vehicles on duty: flashing red and blue beacons on the roof, seen over time.

Only the upper part of larger vehicles is looked at, on a coarse grid. A beacon is a cell that changes between red and
blue, or a roof that flashes in one colour: lit, dark and lit again, at the pace of beacons. What is found keeps claims
away (nothing is claimed of a priority vehicle), so a wrong answer costs a claim, never a person; tail lamps, red paint
and turn lamps must still not be taken for it.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.domain.frame import BGR
from models.domain.geometry import BoxPx
from models.domain.scene import Track, VehicleClass

CLASSES: tuple[VehicleClass, ...] = ("car", "bus", "truck")
LEAST_HEIGHT_PX = 28.0
"""Of the vehicle in the picture: beacons of a smaller one are a pixel or two."""
MOST_TRACKS = 16
"""The largest vehicles of a frame are looked at, and no more."""
MOST_PX = 6000
"""Of one roof; a larger one is thinned out."""
ABOVE, BELOW = 0.18, 0.30
"""The roof reaches from so far above the box's upper edge to so far below it, in its heights."""
ROWS, COLUMNS = 3, 6
LIT_VALUE, LIT_CHROMA = 150, 80
"""Of 255: a lit beacon is bright, and coloured."""
LIT_PX = 6
LIT_SHARE = 0.012
"""Of the roof: a beacon is lit. Of a cell it is `CELL_SHARE`."""
CELL_SHARE = 0.03
DARK_SHARE = 0.1
"""Between two flashes the roof shows less than this part of a flash: red paint and tail lamps never go dark."""
WINDOW_US = 5_000_000
LEAST_CHANGES = 4
"""Changes between red and blue in one cell within the window."""
LEAST_FLASHES = 5
"""Flashes in one colour within the window …"""
FLASH_US = (200_000, 1_300_000)
"""… so far apart: beacons flash one to four times a second."""
STEADY_SHARE = 0.35
"""… and evenly: no interval is off the middle one by more."""
LASTS_US = 30_000_000
"""A vehicle stays on duty so long after the last flash that was seen."""
MOST_KEPT = 256

Floats = npt.NDArray[np.float32]


@dataclass(slots=True)
class _Roof:
    """What one roof showed lately.

    Attributes:
        looks: (stream time, red share, blue share) of the whole roof.
        cells: for each cell the changes between red and blue: times, and the colour it last had (1 red, 2 blue).
        flashed_us: stream time at which it was last known to flash.
    """

    looks: deque[tuple[int, float, float]] = field(default_factory=lambda: deque(maxlen=256))
    colour: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros(ROWS * COLUMNS, np.int8))
    changes: list[deque[int]] = field(
        default_factory=lambda: [deque(maxlen=LEAST_CHANGES) for _ in range(ROWS * COLUMNS)]
    )
    flashed_us: int | None = None


class BeaconWatch:
    """Follows the roofs of one connection's vehicles."""

    def __init__(self) -> None:
        self._roofs: OrderedDict[int, _Roof] = OrderedDict()

    def observe(
        self, image: BGR, tracks: Sequence[Track], pts_us: int, scale: tuple[float, float] = (1.0, 1.0)
    ) -> frozenset[int]:
        """Ids of the tracks on which beacons flash.

        Args:
            image: the whole picture.
            tracks: of this frame, boxes in px of the camera file's frame.
            pts_us: stream time.
            scale: px of the picture a px of the camera file's frame, across and down.
        """
        large = [t for t in tracks if t.is_seen and t.vehicle in CLASSES]
        large = [t for t in large if t.box.height * scale[1] >= LEAST_HEIGHT_PX]
        for track in sorted(large, key=lambda t: (-t.box.area, t.track_id))[:MOST_TRACKS]:
            roof = self._roofs.setdefault(track.track_id, _Roof())
            _look(roof, _roof_of(image, track.box, scale), pts_us)
        while len(self._roofs) > MOST_KEPT:
            self._roofs.popitem(last=False)
        return frozenset(t.track_id for t in tracks if self._is_on_duty(t.track_id, pts_us))

    def forget(self, track_ids: Iterable[int]) -> None:
        for track_id in track_ids:
            self._roofs.pop(track_id, None)

    def _is_on_duty(self, track_id: int, pts_us: int) -> bool:
        roof = self._roofs.get(track_id)
        return roof is not None and roof.flashed_us is not None and pts_us - roof.flashed_us <= LASTS_US


def _roof_of(image: BGR, box: BoxPx, scale: tuple[float, float]) -> BGR:
    """The upper part of the vehicle, thinned to `MOST_PX`."""
    height, width = image.shape[:2]
    x1, x2 = max(0, int(box.x1 * scale[0])), min(width, int(box.x2 * scale[0]) + 1)
    top, tall = box.y1 * scale[1], box.height * scale[1]
    y1, y2 = max(0, int(top - ABOVE * tall)), min(height, int(top + BELOW * tall) + 1)
    step = 1
    while (y2 - y1) * (x2 - x1) > MOST_PX * step * step:
        step += 1
    return image[y1:y2:step, x1:x2:step]


def _look(roof: _Roof, picture: BGR, pts_us: int) -> None:
    if picture.shape[0] < ROWS or picture.shape[1] < COLUMNS:
        return
    red, blue = _lit(picture)
    is_enough = max(int(red.sum()), int(blue.sum())) >= LIT_PX
    shares = (float(red.mean()), float(blue.mean())) if is_enough else (0.0, 0.0)
    roof.looks.append((pts_us, *shares))
    while pts_us - roof.looks[0][0] > WINDOW_US:
        roof.looks.popleft()
    if _changes_colour(roof, red, blue, pts_us) or any(_flashes(roof.looks, place) for place in (1, 2)):
        roof.flashed_us = pts_us


def _lit(picture: BGR) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which pixels show a lit red, and a lit blue beacon."""
    blue, green, red = (picture[:, :, place].astype(np.int16) for place in range(3))
    is_red = (red >= LIT_VALUE) & (red - green >= LIT_CHROMA) & (4 * (green - blue) <= red - blue)  # amber is no red
    is_blue = (blue >= LIT_VALUE) & (blue - red >= LIT_CHROMA) & (blue - green >= LIT_CHROMA // 2)
    return is_red, is_blue


def _changes_colour(
    roof: _Roof, red: npt.NDArray[np.bool_], blue: npt.NDArray[np.bool_], pts_us: int
) -> bool:  # fmt: skip
    """One cell went from red to blue or back often enough: no lamp but a beacon's neighbour does."""
    reds, blues = _cells(red), _cells(blue)
    now = np.where((reds >= CELL_SHARE) & (reds > 2 * blues), 1, 0).astype(np.int8)
    now[(blues >= CELL_SHARE) & (blues > 2 * reds)] = 2
    for place in np.flatnonzero((now > 0) & (now != roof.colour)):
        if roof.colour[place] > 0:
            roof.changes[place].append(pts_us)
        roof.colour[place] = now[place]
    return any(len(times) == LEAST_CHANGES and pts_us - times[0] <= WINDOW_US for times in roof.changes)


def _cells(mask: npt.NDArray[np.bool_]) -> Floats:
    """Share of lit pixels in each cell of the grid."""
    rows = np.linspace(0, mask.shape[0], ROWS + 1).astype(int)
    columns = np.linspace(0, mask.shape[1], COLUMNS + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(mask.astype(np.float32), rows[:-1], axis=0), columns[:-1], axis=1)
    sizes = np.outer(np.diff(rows), np.diff(columns))
    shares: Floats = (sums / sizes).reshape(-1).astype(np.float32)
    return shares


def _flashes(looks: Sequence[tuple[int, float, float]], place: int) -> bool:
    """The roof is lit, dark and lit again in one colour (1 red, 2 blue), evenly and at the pace of beacons."""
    peak = max(look[place] for look in looks)
    if peak < LIT_SHARE:
        return False
    onsets: list[int] = []
    is_lit = looks[0][place] > DARK_SHARE * peak
    for look in looks:
        if not is_lit and look[place] >= 0.6 * peak:
            onsets.append(look[0])
            is_lit = True
        elif is_lit and look[place] <= DARK_SHARE * peak:
            is_lit = False
    if len(onsets) < LEAST_FLASHES:
        return False
    gaps = sorted(b - a for a, b in itertools.pairwise(onsets))
    middle = gaps[len(gaps) // 2]
    is_even = all(abs(gap - middle) <= STEADY_SHARE * middle for gap in gaps)
    return is_even and FLASH_US[0] <= middle <= FLASH_US[1]
