"""Shapes of people: riders with helmets or conical hats, passengers, pedestrians. Colours are BGR."""

from __future__ import annotations

import math

import numpy as np

from streams.simulated.mesh import BODY, PAINT, PEOPLE, Colour, MeshBuilder

_SHIRTS: tuple[Colour, ...] = (
    (60, 50, 46), (230, 230, 232), (180, 120, 60), (60, 60, 190), (96, 96, 98), (70, 130, 70), (60, 150, 40),
    (140, 80, 150), (60, 180, 230), (200, 180, 150), (36, 36, 40), (120, 150, 200), (170, 150, 90), (90, 60, 150),
)  # fmt: skip
_TROUSERS: tuple[Colour, ...] = ((60, 50, 42), (38, 38, 40), (110, 84, 60), (90, 100, 112), (140, 150, 158))
_HELMETS: tuple[Colour, ...] = (
    (232, 232, 232), (44, 44, 46), (50, 44, 190), (190, 130, 60), (60, 170, 60), (180, 140, 210), (60, 190, 235),
    (130, 130, 130), (210, 170, 130), (90, 60, 120),
)  # fmt: skip
_SKIN: tuple[Colour, ...] = ((118, 152, 198), (96, 132, 178), (140, 172, 212))
_HAIR: Colour = (30, 28, 28)
_STRAW: Colour = (150, 200, 222)


def shade(colour: Colour, factor: float) -> Colour:
    """The colour, brighter or darker."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


def _pick(builder: MeshBuilder, rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    return shade(builder.pick(rng, colours), float(rng.uniform(0.85, 1.1)))


def _head(builder: MeshBuilder, rng: np.random.Generator, at: tuple[float, float, float], wears: str) -> None:
    x, y, z = at
    builder.ellipsoid((x, y + 0.01, z), (0.085, 0.1, 0.12), _pick(builder, rng, _SKIN), rings=4, sides=7)
    if wears == "helmet":
        colour = _pick(builder, rng, _HELMETS)
        builder.ellipsoid((x, y, z + 0.03), (0.13, 0.15, 0.13), colour, (-22, 90), rings=4, sides=9, material=PAINT)
    elif wears == "cone":
        angles = np.arange(9) * 2 * math.pi / 9
        ring = np.stack([np.cos(angles), np.sin(angles), np.zeros(9)], axis=1)
        base = np.array((x, y, z + 0.03))
        builder.loft([base + ring * 0.24, base + ring * 0.01 + (0, 0, 0.17)], _STRAW, caps=False)
    else:
        builder.ellipsoid((x, y - 0.015, z + 0.03), (0.1, 0.115, 0.115), _HAIR, (-15, 90), rings=3, sides=7)


def _torso(
    builder: MeshBuilder, low: tuple[float, float], high: tuple[float, float], shirt: Colour, wide: float
) -> None:
    """From hips to shoulders; `low` and `high` are (y, z)."""
    rings = []
    for part, half_w, half_d in ((0.0, 0.82, 0.105), (0.45, 0.86, 0.11), (0.85, 1.0, 0.115), (1.0, 0.6, 0.07)):
        y, z = low[0] + (high[0] - low[0]) * part, low[1] + (high[1] - low[1]) * part
        angles = np.arange(8) * math.pi / 4 + math.pi / 8
        rings.append(np.stack([np.cos(angles) * wide * half_w, y + np.sin(angles) * half_d, np.full(8, z)], axis=1))
    builder.loft(rings, shirt)


def add_rider(builder: MeshBuilder, rng: np.random.Generator, seat_y: float, grip: tuple[float, float, float] | None, *,
              passenger: bool, pedal: int | None = None, seat_m: float = 0.84) -> None:  # fmt: skip
    """A person on a seat; the hands hold `grip` (right hand), or the person in front."""
    builder.group = PEOPLE
    shirt, trousers = _pick(builder, rng, _SHIRTS), _pick(builder, rng, _TROUSERS)
    wide = float(rng.uniform(0.18, 0.225))
    lean = 0.16 if grip is not None else 0.08
    hips, shoulders = (seat_y, seat_m + 0.02), (seat_y + lean, seat_m + 0.56)
    _torso(builder, hips, shoulders, shirt, wide)
    bare = rng.random() < 0.4
    skin = _pick(builder, rng, _SKIN)
    for side in (-1, 1):
        shoulder = (side * (wide - 0.02), shoulders[0], shoulders[1] - 0.06)
        hand = (side * grip[0], grip[1], grip[2]) if grip else (side * 0.14, seat_y + 0.36, seat_m + 0.16)
        elbow = (side * (wide + 0.1), (shoulder[1] + hand[1]) / 2 - 0.02, (shoulder[2] + hand[2]) / 2 - 0.1)
        builder.tube(shoulder, elbow, 0.06, 0.048, shirt, sides=5)
        builder.tube(elbow, hand, 0.045, 0.036, skin if bare else shirt, sides=5)
        lift = 0.1 * math.sin(math.pi / 2 * (pedal + (0 if side > 0 else 2))) if pedal is not None else 0.0
        knee = (side * 0.17, seat_y + 0.42, seat_m - (0.06 if pedal is None else 0.22) + lift)
        foot = (side * 0.16, seat_y + (0.36 if pedal is None else 0.3), (0.3 if pedal is None else 0.28) + lift)
        builder.tube((side * 0.09, seat_y, seat_m + 0.03), knee, 0.085, 0.07, trousers, sides=6)
        builder.tube(knee, foot, 0.062, 0.045, trousers, sides=5)
        sole = (foot[2] - 0.06, foot[2] + 0.02)
        builder.box((foot[0] - 0.045, foot[0] + 0.045), (foot[1] - 0.06, foot[1] + 0.17), sole, (50, 46, 44))
    draw = rng.random()
    wears = "helmet" if draw < (0.94 if pedal is None else 0.1) else "hair"
    if draw > 0.97 and pedal is not None:
        wears = "cone"
    _head(builder, rng, (0.0, shoulders[0] + 0.03, shoulders[1] + 0.14), wears)
    if not passenger and rng.random() < 0.25:
        builder.box(
            (-0.15, 0.15), (seat_y - 0.22, seat_y - 0.07), (seat_m + 0.16, seat_m + 0.52), _pick(builder, rng, _SHIRTS)
        )
    builder.group = BODY


def add_pedestrian(builder: MeshBuilder, rng: np.random.Generator, step: int) -> None:
    """A person on foot in one of four phases of a stride."""
    builder.group = PEOPLE
    shirt, trousers, skin = _pick(builder, rng, _SHIRTS), _pick(builder, rng, _TROUSERS), _pick(builder, rng, _SKIN)
    tall = float(rng.uniform(0.92, 1.08))
    swing = 0.24 * math.sin(step * math.pi / 2)
    _torso(builder, (0.0, 0.84 * tall), (0.02, 1.4 * tall), shirt, float(rng.uniform(0.17, 0.22)))
    for side in (-1, 1):
        reach = side * swing
        hip, knee = (side * 0.09, 0.0, 0.88 * tall), (side * 0.1, reach * 0.6 + 0.04, 0.47 * tall)
        builder.tube(hip, knee, 0.085, 0.065, trousers, sides=6)
        builder.tube(knee, (side * 0.1, reach, 0.07), 0.06, 0.045, trousers, sides=5)
        builder.box((side * 0.1 - 0.045, side * 0.1 + 0.045), (reach - 0.06, reach + 0.17), (0.0, 0.08), (50, 46, 44))
        elbow = (side * 0.25, -reach * 0.5, 1.12 * tall)
        builder.tube((side * 0.19, 0.02, 1.35 * tall), elbow, 0.055, 0.045, shirt, sides=5)
        builder.tube(elbow, (side * 0.24, -reach * 0.9 + 0.06, 0.86 * tall), 0.042, 0.035, skin, sides=5)
    draw = rng.random()
    _head(builder, rng, (0.0, 0.04, 1.53 * tall), "cone" if draw < 0.15 else "helmet" if draw < 0.22 else "hair")
    builder.group = BODY
