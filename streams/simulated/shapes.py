"""Shapes of vehicles: car, van, taxi, bus, truck, motorbike, bicycle. Colours are BGR."""

from __future__ import annotations

import math

import numpy as np

from streams.simulated.mesh import BEACON, BRAKE_LAMP, GLASS, HEAD_LAMP, LAMP, PAINT, Array, Colour, Mesh, MeshBuilder
from streams.simulated.movers import Mover
from streams.simulated.people import add_pedestrian, add_rider, shade
from streams.simulated.plates import LONG_MM, MOTORCYCLE_MM, SHORT_MM

_CAR_PAINT: tuple[Colour, ...] = (
    (236, 238, 238), (228, 230, 232), (200, 202, 204), (168, 170, 172), (60, 60, 62), (30, 30, 32), (44, 36, 168),
    (40, 40, 120), (150, 92, 30), (96, 60, 28), (120, 160, 176), (70, 84, 60), (52, 72, 92), (60, 130, 205),
)  # fmt: skip
_TAXI_PAINT: tuple[Colour, ...] = ((236, 238, 238), (60, 160, 60), (200, 202, 204), (40, 160, 225))
_MOTORBIKE_PAINT: tuple[Colour, ...] = (
    (40, 34, 32), (30, 28, 150), (30, 30, 34), (225, 228, 228), (140, 70, 26), (170, 172, 174), (70, 60, 50),
    (96, 150, 190), (110, 132, 96), (50, 40, 110),
)  # fmt: skip
_TRUCK_PAINT: tuple[Colour, ...] = ((232, 232, 230), (170, 92, 30), (54, 120, 60), (60, 150, 214), (50, 50, 170))
_BUS_PAINT: tuple[Colour, ...] = ((60, 160, 225), (70, 150, 80), (225, 226, 226), (60, 60, 190), (190, 120, 40))
_AMBULANCE: Colour = (236, 238, 238)
_RED_BAND: Colour = (40, 34, 190)
_GLASS: Colour = (58, 50, 44)
_RUBBER: Colour = (34, 33, 32)
_CHROME: Colour = (150, 150, 150)
_TAIL: Colour = (36, 30, 165)
_HEAD: Colour = (225, 232, 235)


def make_mesh(mover: Mover, step: int = 0, *, is_coarse: bool = False) -> Mesh:
    """The mesh of a mover; `step` 0..3 is the phase of walking or pedalling; a coarse one is for far away."""
    rng = np.random.default_rng([mover.look, 6])
    builder = MeshBuilder(is_coarse=is_coarse, palette=mover.look % 2)
    if mover.kind == "car":
        _car(builder, rng, mover)
    elif mover.kind == "bus":
        _bus(builder, rng, mover)
    elif mover.kind == "truck":
        _truck(builder, rng, mover)
    elif mover.kind == "motorcycle":
        _motorbike(builder, rng, mover)
    elif mover.kind == "bicycle":
        _bicycle(builder, rng, mover, step)
    else:
        add_pedestrian(builder, rng, step)
    return builder.build()


def _wheels(builder: MeshBuilder, half_w: float, axles: tuple[float, ...], radius: float, tread: float) -> None:
    for y in axles:
        for side in (-1, 1):
            outer, inner = side * (half_w - 0.03), side * (half_w - tread)
            builder.tube((inner, y, radius), (outer, y, radius), radius, radius, _RUBBER, sides=10)
            builder.tube((outer, y, radius), (outer + side * 0.012, y, radius), radius * 0.6, radius * 0.55, _CHROME, 8)


def _section(y: float, half_w: float, low: float, top: float, crown: float) -> Array:
    """Cross-section of a car body at y: sills, flanks, shoulders, deck."""
    flank = low + (top - low) * 0.55
    return np.array(
        [
            (-half_w * 0.93, y, low), (-half_w, y, flank), (-half_w * 0.95, y, top), (-half_w * 0.6, y, top + crown),
            (half_w * 0.6, y, top + crown), (half_w * 0.95, y, top), (half_w, y, flank), (half_w * 0.93, y, low),
        ]
    )  # fmt: skip


def _car(builder: MeshBuilder, rng: np.random.Generator, mover: Mover) -> None:
    style = "van" if mover.priority else str(rng.choice(["sedan", "hatch", "suv", "sedan", "van"]))
    paint = _AMBULANCE if mover.priority else builder.pick(rng, _CAR_PAINT)
    if mover.plate is not None and mover.plate.colour == "yellow" and not mover.priority:
        paint = builder.pick(rng, _TAXI_PAINT)
    half_l, half_w = mover.length_m / 2, mover.width_m / 2
    height = {"sedan": 1.46, "hatch": 1.5, "suv": 1.7, "van": 1.9}[style]
    if mover.priority:
        height = mover.height_m - 0.15
    belt = height * (0.58 if style != "van" else 0.52)
    deck = belt + (0.06 if style == "sedan" else 0.02)
    stations = [
        (-half_l, 0.86, 0.36, deck - 0.16), (-half_l + 0.12, 0.97, 0.26, deck - 0.03), (-half_l + 0.7, 1.0, 0.22, deck),
        (0.0, 1.0, 0.2, belt + 0.02), (half_l - 1.15, 1.0, 0.22, belt), (half_l - 0.35, 0.96, 0.24, belt - 0.14),
        (half_l, 0.84, 0.34, belt - 0.3),
    ]  # fmt: skip
    builder.loft([_section(y, half_w * w, low, top, 0.025) for y, w, low, top in stations], paint, PAINT)
    _wheels(builder, half_w, (-half_l + 0.85, half_l - 0.85), 0.31, 0.24)
    back = -half_l + {"sedan": 0.62, "hatch": 0.14, "suv": 0.12, "van": 0.1}[style]
    front = half_l - (1.05 if style != "van" else 0.55)
    rake_back = {"sedan": 0.62, "hatch": 0.5, "suv": 0.3, "van": 0.16}[style]
    rake_front = 0.85 if style != "van" else 0.6
    _cabin(builder, half_w, (back, front), (belt, height), (rake_back, rake_front), paint)
    _car_ends(builder, half_l, half_w, deck, belt, rng)
    if mover.priority:
        _ambulance(builder, half_l, half_w, height)


def _ambulance(builder: MeshBuilder, half_l: float, half_w: float, top: float) -> None:
    """Red band and two beacons on the roof, at the front and at the back."""
    for side in (-1, 1):
        x = side * (half_w + 0.01)
        band = np.array([(x, -half_l + 0.3, 0.72), (x, half_l - 0.6, 0.72), (x, half_l - 0.6, 0.92),
                         (x, -half_l + 0.3, 0.92)])  # fmt: skip
        builder.decal(band, (side, 0, 0), _RED_BAND, PAINT)
    builder.decal(_upright((-half_w * 0.8, half_w * 0.8), -half_l, (1.06, 1.2)), (0, -1, 0), _RED_BAND, PAINT)
    for y in (-half_l + 0.55, half_l - 1.7):
        for side in (-1, 1):
            x0, x1 = sorted((side * 0.12, side * half_w * 0.72))
            builder.box((x0, x1), (y, y + 0.32), (top - 0.02, top + 0.17), _HEAD, BEACON)


def _cabin(builder: MeshBuilder, half_w: float, y: tuple[float, float], z: tuple[float, float],
           rake: tuple[float, float], paint: Colour) -> None:  # fmt: skip
    """Roof and windows."""
    wide, narrow = half_w * 0.93, half_w * 0.74
    builder.taper((-wide, wide), y, z, (wide - narrow, wide - narrow, rake[0], rake[1]), paint, PAINT)

    def on_side(s: float, t: float, side: int) -> tuple[float, float, float]:
        """Point of the side window plane: s along (0 back), t up."""
        y0, y1 = y[0] + rake[0] * t, y[1] - rake[1] * t
        return side * (wide + (narrow - wide) * t), y0 + (y1 - y0) * s, z[0] + (z[1] - z[0]) * t

    def on_end(s: float, t: float, is_front: bool) -> tuple[float, float, float]:
        half = wide + (narrow - wide) * t
        place = y[1] - rake[1] * t if is_front else y[0] + rake[0] * t
        return -half + 2 * half * s, place, z[0] + (z[1] - z[0]) * t

    for side in (-1, 1):
        for s0, s1 in ((0.07, 0.48), (0.52, 0.93)):
            corners = np.array([on_side(s, t, side) for s, t in ((s0, 0.1), (s1, 0.1), (s1, 0.86), (s0, 0.86))])
            builder.decal(corners, (side, 0, 0), _GLASS, GLASS)
    for is_front in (False, True):
        corners = np.array([on_end(s, t, is_front) for s, t in ((0.06, 0.08), (0.94, 0.08), (0.9, 0.88), (0.1, 0.88))])
        builder.decal(corners, (0, 1 if is_front else -1, 0.3), _GLASS, GLASS)


def _upright(x: tuple[float, float], y: float, z: tuple[float, float]) -> Array:
    return np.array([(x[0], y, z[0]), (x[1], y, z[0]), (x[1], y, z[1]), (x[0], y, z[1])])


def _car_ends(builder: MeshBuilder, half_l: float, half_w: float, deck: float, belt: float,
              rng: np.random.Generator) -> None:  # fmt: skip
    """Lamps, bumpers and plates."""
    outer, inner = half_w * 0.84, half_w * float(rng.uniform(0.42, 0.6))
    top = deck - 0.2
    for side in (-1, 1):
        x0, x1 = sorted((side * outer, side * inner))
        builder.decal(_upright((x0, x1), -half_l, (top - 0.2, top)), (0, -1, 0), _TAIL, BRAKE_LAMP)
        builder.decal(_upright((x0, x1), half_l, (belt - 0.46, belt - 0.32)), (0, 1, 0), _HEAD, HEAD_LAMP)
    builder.decal(_upright((-outer, outer), -half_l, (0.36, 0.46)), (0, -1, 0), (48, 48, 48), 0)
    builder.decal(_upright((-inner, inner), half_l, (belt - 0.5, belt - 0.34)), (0, 1, 0), (40, 40, 40), 0)
    size = LONG_MM if rng.random() < 0.45 else SHORT_MM
    builder.plate((0.0, -half_l - 0.035, top - 0.14), size, faces_back=True)
    builder.plate((0.0, half_l + 0.03, 0.46), LONG_MM, faces_back=False)


def _bus(builder: MeshBuilder, rng: np.random.Generator, mover: Mover) -> None:
    paint = builder.pick(rng, _BUS_PAINT)
    half_l, half_w, top = mover.length_m / 2, mover.width_m / 2, mover.height_m
    trim = builder.pick(rng, _BUS_PAINT)

    def ring(y: float, w: float, z0: float, z1: float) -> Array:
        half = half_w * w
        return np.array(
            [(-half, y, z0), (-half, y, z1 - 0.3), (-half + 0.2, y, z1), (half - 0.2, y, z1), (half, y, z1 - 0.3),
             (half, y, z0)]
        )  # fmt: skip

    rings = [ring(-half_l, 0.96, 0.42, top - 0.06), ring(-half_l + 0.15, 1, 0.36, top)]
    rings += [ring(half_l - 0.25, 1, 0.36, top), ring(half_l, 0.95, 0.42, top - 0.15)]
    builder.loft(rings, paint, PAINT)
    _wheels(builder, half_w, (-half_l + 2.6, half_l - 2.3), 0.48, 0.3)
    low, high = 1.25, top - 0.52
    for side in (-1, 1):
        for k in range(5):
            y0 = -half_l + 0.5 + k * (mover.length_m - 1.0) / 5
            y1 = y0 + (mover.length_m - 1.0) / 5 - 0.14
            x = side * (half_w + 0.005)
            corners = np.array([(x, y0, low), (x, y1, low), (x, y1, high), (x, y0, high)])
            builder.decal(corners, (side, 0, 0), _GLASS, GLASS)
        stripe = np.array([(x, -half_l + 0.2, 0.75), (x, half_l - 0.3, 0.75), (x, half_l - 0.3, 1.0),
                           (x, -half_l + 0.2, 1.0)])  # fmt: skip
        builder.decal(stripe, (side, 0, 0), trim, PAINT)
    _coach_ends(builder, half_l, half_w, (1.55, top - 0.45), trim)


def _coach_ends(builder: MeshBuilder, half_l: float, half_w: float, window: tuple[float, float], trim: Colour) -> None:
    wide = half_w * 0.82
    builder.decal(_upright((-wide, wide), -half_l, window), (0, -1, 0), _GLASS, GLASS)
    builder.decal(_upright((-wide * 1.06, wide * 1.06), half_l, (1.1, window[1])), (0, 1, 0), _GLASS, GLASS)
    builder.decal(_upright((-wide * 0.7, wide * 0.7), half_l, (window[1] + 0.1, window[1] + 0.32)), (0, 1, 0),
                  (60, 170, 240), LAMP)  # fmt: skip
    builder.decal(_upright((-wide, wide), -half_l, (1.2, 1.45)), (0, -1, 0), trim, PAINT)
    builder.decal(_upright((-wide, wide), -half_l, (0.45, 0.6)), (0, -1, 0), (50, 50, 50), 0)
    for side in (-1, 1):
        x0, x1 = sorted((side * wide * 1.1, side * wide * 0.85))
        builder.decal(_upright((x0, x1), -half_l, (0.75, 1.15)), (0, -1, 0), _TAIL, BRAKE_LAMP)
        builder.decal(_upright((x0, x1), half_l, (0.62, 0.85)), (0, 1, 0), _HEAD, HEAD_LAMP)
    builder.plate((0.0, -half_l - 0.03, 0.88), SHORT_MM, faces_back=True)
    builder.plate((0.0, half_l + 0.03, 0.58), LONG_MM, faces_back=False)


def _truck(builder: MeshBuilder, rng: np.random.Generator, mover: Mover) -> None:
    half_l, half_w, top = mover.length_m / 2, mover.width_m / 2, mover.height_m
    paint = builder.pick(rng, _TRUCK_PAINT)
    cab_back = half_l - 1.7
    cab_top = min(2.3, top)
    wide = half_w * 0.92
    builder.taper((-wide, wide), (cab_back, half_l), (0.5, cab_top), (0.1, 0.1, 0.0, 0.3), paint, PAINT)
    wide = half_w * 0.78
    shield = np.array([(-wide, half_l - 0.13, 1.35), (wide, half_l - 0.13, 1.35), (wide * 0.95, half_l - 0.27, 2.1),
                       (-wide * 0.95, half_l - 0.27, 2.1)])  # fmt: skip
    builder.decal(shield, (0, 1, 0.1), _GLASS, GLASS)
    for side in (-1, 1):
        x = side * (half_w * 0.92 - 0.04)
        pane = np.array([(x, cab_back + 0.3, 1.35), (x, half_l - 0.4, 1.35), (x - side * 0.05, half_l - 0.5, 2.05),
                         (x - side * 0.05, cab_back + 0.3, 2.05)])  # fmt: skip
        builder.decal(pane, (side, 0, 0.1), _GLASS, GLASS)
    builder.box((-half_w * 0.8, half_w * 0.8), (-half_l, cab_back), (0.55, 0.8), (52, 52, 54))
    _wheels(builder, half_w * 0.95, (-half_l + 1.4, half_l - 1.0), 0.42, 0.3)
    _truck_load(builder, rng, (half_l, half_w, top), cab_back - 0.12)
    for side in (-1, 1):
        x0, x1 = sorted((side * half_w * 0.9, side * half_w * 0.62))
        builder.decal(_upright((x0, x1), -half_l - 0.01, (0.58, 0.74)), (0, -1, 0), _TAIL, BRAKE_LAMP)
        builder.decal(_upright((x0, x1), half_l, (0.7, 0.92)), (0, 1, 0), _HEAD, HEAD_LAMP)
    builder.plate((0.0, -half_l - 0.04, 0.66), SHORT_MM, faces_back=True)
    builder.plate((0.0, half_l + 0.03, 0.62), LONG_MM, faces_back=False)


def _truck_load(builder: MeshBuilder, rng: np.random.Generator, size: tuple[float, float, float], front: float) -> None:
    half_l, half_w, top = size
    kind = str(rng.choice(["box", "tarpaulin", "open"]))
    if kind == "open":
        wall = builder.pick(rng, _TRUCK_PAINT)
        builder.box((-half_w, half_w), (-half_l, front), (0.8, 1.45), wall, PAINT)
        load = builder.pick(rng, ((90, 130, 170), (120, 120, 118), (80, 100, 90)))
        wide = half_w * 0.85
        builder.taper((-wide, wide), (-half_l + 0.3, front - 0.3), (1.45, 1.95), (0.3, 0.3, 0.5, 0.5), load)
        return
    cover: Colour = (84, 110, 70)
    if kind == "box":
        cover = builder.pick(rng, ((226, 228, 228), (200, 204, 205), (150, 96, 40), (70, 96, 60)))
    inset = 0.03 if kind == "box" else 0.22
    builder.taper((-half_w, half_w), (-half_l, front), (0.8, top), (inset, inset, 0.02, 0.02), cover, PAINT)
    if kind == "box":
        edge = shade(cover, 0.72)
        for x0, x1 in ((-half_w * 0.92, -0.03), (0.03, half_w * 0.92)):
            builder.decal(_upright((x0, x1), -half_l - 0.01, (0.9, top - 0.12)), (0, -1, 0), shade(cover, 0.93), PAINT)
            builder.decal(_upright((x1 - 0.07, x1 - 0.03), -half_l - 0.02, (0.95, top - 0.2)), (0, -1, 0), edge, 0)


def _motorbike(builder: MeshBuilder, rng: np.random.Generator, mover: Mover) -> None:
    paint = builder.pick(rng, _MOTORBIKE_PAINT)
    back, front = -mover.length_m / 2 + 0.28, mover.length_m / 2 - 0.28
    for y in (back, front):
        builder.tube((-0.055, y, 0.28), (0.055, y, 0.28), 0.28, 0.28, _RUBBER, sides=12)
        builder.tube((-0.06, y, 0.28), (0.06, y, 0.28), 0.15, 0.15, _CHROME, sides=8)
    scooter = rng.random() < 0.6
    belly = 0.16 if scooter else 0.1
    builder.loft(
        [
            _oval(back - 0.16, 0.07, 0.66, 0.8), _oval(back + 0.12, 0.16, 0.42, 0.8),
            _oval(back + 0.5, 0.17, 0.3, 0.78), _oval(back + 0.8, belly, 0.24, 0.5 if scooter else 0.72),
        ], paint, PAINT,
    )  # fmt: skip
    builder.loft([_oval(front - 0.45, 0.13, 0.26, 0.5), _oval(front - 0.24, 0.2, 0.34, 0.9),
                  _oval(front - 0.2, 0.15, 0.8, 1.02)], paint, PAINT)  # fmt: skip
    builder.box((-0.13, 0.13), (back - 0.05, back + 0.72), (0.77, 0.84), (40, 38, 38))
    builder.tube((0.13, back - 0.2, 0.38), (0.13, back + 0.5, 0.3), 0.055, 0.045, _CHROME, sides=6)
    builder.tube((-0.34, front - 0.3, 1.04), (0.34, front - 0.3, 1.04), 0.025, 0.025, (50, 50, 50), sides=5)
    for side in (-1, 1):
        stalk = (side * 0.26, front - 0.28, 1.05), (side * 0.33, front - 0.26, 1.24)
        builder.tube(*stalk, 0.012, 0.012, (40, 40, 40), sides=4)
        builder.ellipsoid((side * 0.35, front - 0.26, 1.26), (0.065, 0.025, 0.045), (60, 58, 56), rings=3, sides=6)
        builder.tube((side * 0.075, front, 0.3), (side * 0.075, front - 0.22, 0.9), 0.025, 0.025, (80, 80, 80), 4)
    builder.decal(_upright((-0.09, 0.09), back - 0.19, (0.7, 0.79)), (0, -1, 0), _TAIL, BRAKE_LAMP)
    builder.box((-0.06, 0.06), (back - 0.3, back - 0.15), (0.42, 0.68), (44, 44, 44))
    builder.decal(_upright((-0.08, 0.08), front - 0.12, (0.85, 0.97)), (0, 1, 0), _HEAD, HEAD_LAMP)
    builder.plate((0.0, back - 0.32, 0.585), MOTORCYCLE_MM, faces_back=True)
    seat = back + 0.42
    add_rider(builder, rng, seat, (0.33, front - 0.3, 1.06), passenger=False)
    if mover.riders == 2:
        add_rider(builder, rng, back + 0.08, None, passenger=True)
    elif rng.random() < 0.18:
        _luggage(builder, rng, back)


def _oval(y: float, half_w: float, z0: float, z1: float) -> Array:
    middle, half_h = (z0 + z1) / 2, (z1 - z0) / 2
    angles = np.arange(8) * math.pi / 4 + math.pi / 8
    return np.stack([np.cos(angles) * half_w, np.full(8, y), middle + np.sin(angles) * half_h], axis=1)


def _luggage(builder: MeshBuilder, rng: np.random.Generator, back: float) -> None:
    """A delivery box or a bundle behind the rider."""
    colour = builder.pick(rng, ((70, 160, 30), (40, 110, 235), (60, 60, 60), (60, 90, 130)))
    half = float(rng.uniform(0.2, 0.27))
    builder.box((-half, half), (back - 0.2, back + 0.24), (0.84, 0.84 + 2 * half), colour)


def _bicycle(builder: MeshBuilder, rng: np.random.Generator, mover: Mover, step: int) -> None:
    paint = builder.pick(rng, _MOTORBIKE_PAINT)
    back, front = -mover.length_m / 2 + 0.33, mover.length_m / 2 - 0.33
    for y in (back, front):
        builder.tube((-0.02, y, 0.33), (0.02, y, 0.33), 0.33, 0.33, (70, 70, 70), sides=12)
    joints = ((back, 0.33), (back + 0.35, 0.8), (front - 0.12, 0.85), (back + 0.45, 0.3), (front, 0.33))
    for a, b in ((0, 1), (1, 2), (1, 3), (3, 2), (0, 3), (2, 4)):
        builder.tube((0, joints[a][0], joints[a][1]), (0, joints[b][0], joints[b][1]), 0.022, 0.022, paint, sides=4)
    builder.tube((-0.28, front - 0.16, 0.98), (0.28, front - 0.16, 0.98), 0.02, 0.02, (60, 60, 60), sides=4)
    builder.box((-0.09, 0.09), (back + 0.2, back + 0.45), (0.86, 0.92), (40, 40, 40))
    add_rider(builder, rng, back + 0.34, (0.27, front - 0.16, 1.0), passenger=False, pedal=step, seat_m=0.95)
