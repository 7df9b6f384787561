"""Ways in the picture: lengths, directions, how far along."""

from __future__ import annotations

from math import sqrt

from models.domain.geometry import PointPx

Vector = tuple[float, float]


def way(a: PointPx, b: PointPx) -> Vector:
    return b.x - a.x, b.y - a.y


def length(vector: Vector) -> float:
    return sqrt(vector[0] * vector[0] + vector[1] * vector[1])


def distance(a: PointPx, b: PointPx) -> float:
    return length(way(a, b))


def unit(a: PointPx, b: PointPx) -> Vector:
    """Direction from a to b; the points differ."""
    size = distance(a, b)
    return (b.x - a.x) / size, (b.y - a.y) / size


def dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1]
