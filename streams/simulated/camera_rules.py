"""The zones and rules of a crossing's camera file: one entry for each act that the world shows."""

from __future__ import annotations

from typing import Any

from streams.simulated.camera import Camera
from streams.simulated.layout import Layout
from streams.simulated.places import Place, box, crosswalk, exit_left, exit_right
from streams.simulated.regime import forbidden_turn_of
from streams.simulated.settings import WorldSettings
from streams.simulated.truth_acts import BOX_AFTER_S
from streams.simulated.truth_standing import LEAST_WAY_M

Point = list[float]
_LEAST_SEEN = 0.35
"""A place of which less lies in the picture is not watched."""


def zones_of(settings: WorldSettings, camera: Camera, layout: Layout) -> list[dict[str, Any]]:
    """The zones that the acts of this world need, as far as the camera sees them."""
    places: list[Place] = []
    if {"forbidden_turn", "wrong_lane"} & set(settings.acts):
        places += [exit_left(layout), exit_right(layout)]
    if "junction_blocking" in settings.acts:
        places.append(box(layout))
    if "yield_pedestrian" in settings.acts:
        places.append(crosswalk(layout))
    made = []
    for place in places:
        corners = [(x, y) for x, y in zip((*place.x_m, *place.x_m[::-1]), _twice(place.y_m), strict=True)]
        whole = [list(camera.ground_px(x, y)) for x, y in corners]
        polygon = cut(whole, camera.size_px)
        if len(polygon) >= 3 and area_px2(polygon) >= _LEAST_SEEN * area_px2(whole):
            made.append({"id": place.name, "polygon_px": [[round_px(x), round_px(y)] for x, y in polygon]})
    return made


def _twice(y_m: tuple[float, float]) -> tuple[float, float, float, float]:
    return y_m[0], y_m[0], y_m[1], y_m[1]


def rules_of(settings: WorldSettings, lanes: list[dict[str, Any]], zones: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rule entries without their mode."""
    acts, seen = settings.acts, {part["id"] for part in (*lanes, *zones)}
    ours = [lane for lane in lanes if lane["id"][0] == "l"]
    made: list[dict[str, Any]] = []
    if "red_light" in acts:
        permitted = {"permitted": ["right_turn"]} if settings.right_on_red else {}
        made.append({"rule": "red_light", "line": "stop", "signal": "main", **permitted})
    if "stop_line" in acts:
        made.append({"rule": "stop_line", "line": "stop", "signal": "main"})
    if "wrong_way" in acts:
        watched = [name for name in ("ours", "oncoming") if name in seen]
        made += [{"rule": "wrong_way", "lane": name, "distance_m": LEAST_WAY_M} for name in watched]
    made += _turn_rules(settings, ours, seen)
    if "junction_blocking" in acts and "box" in seen:
        made.append({"rule": "junction_blocking", "zone": "box", "after_s": BOX_AFTER_S})
    if "yield_pedestrian" in acts and {"crosswalk", "from-left"} <= seen:
        made.append({"rule": "yield_pedestrian", "zone": "crosswalk", "from": "from-left"})
    return made


def _turn_rules(settings: WorldSettings, ours: list[dict[str, Any]], seen: set[str]) -> list[dict[str, Any]]:
    """The turn that a sign forbids, and for each lane the exits that its arrows do not give it."""
    made: list[dict[str, Any]] = []
    forbidden = forbidden_turn_of(settings)
    exits = {turn: f"exit-{turn}" for turn in ("left", "right") if f"exit-{turn}" in seen}
    for lane in ours:
        if "forbidden_turn" in settings.acts and forbidden in exits:
            made.append({"rule": "forbidden_turn", "from": lane["id"], "to": exits[forbidden]})
        others = {turn: name for turn, name in exits.items() if turn != forbidden}
        if "wrong_lane" in settings.acts and others:
            made.append({"rule": "wrong_lane", "lane": lane["id"], "exits": others})
    return made


def area_px2(polygon: list[Point]) -> float:
    """Area of a polygon (shoelace formula)."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True))) / 2


def cut(polygon: list[Point], size_px: tuple[int, int]) -> list[Point]:
    """The part of a convex polygon inside the picture (Sutherland and Hodgman 1974)."""
    for axis, bound, sign in ((0, 0.0, 1), (0, float(size_px[0]), -1), (1, 0.0, 1), (1, float(size_px[1]), -1)):
        made: list[Point] = []
        for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True):
            inside_a, inside_b = sign * (a[axis] - bound) >= 0, sign * (b[axis] - bound) >= 0
            if inside_a:
                made.append(a)
            if inside_a != inside_b:
                part = (bound - a[axis]) / (b[axis] - a[axis])
                made.append([round_px(a[0] + (b[0] - a[0]) * part), round_px(a[1] + (b[1] - a[1]) * part)])
        polygon = made
    return polygon


def round_px(value: float) -> float:
    return round(float(value), 1)
