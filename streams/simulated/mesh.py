"""Small meshes of convex faces, built from boxes, lofts, tubes and ellipsoids."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Colour = tuple[float, float, float]
"""Blue, green, red, 0..255."""
Group = Literal[0, 1]
BODY: Group = 0
PEOPLE: Group = 1

MATTE, PAINT, GLASS, LAMP, BRAKE_LAMP, HEAD_LAMP, BEACON = range(7)
"""Materials of a face."""
_DIRECTIONS: Array = np.array(
    [(math.cos(a) * math.cos(b), math.sin(a) * math.cos(b), math.sin(b))
     for b in (0.0, 0.35, 0.7, 1.05, -0.35) for a in np.arange(16) * math.pi / 8]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mesh:
    """A solid in its own frame: x right, y forward, z up, origin on the ground below its middle.

    Attributes:
        points_m: shape (n, 3).
        group: of each point: body, or people on it; shape (n,).
        faces: indices of four points (a triangle repeats its last), shape (m, 4).
        normals: outward, unit, shape (m, 3).
        colours: BGR 0..255, shape (m, 3).
        material: shape (m,).
        lift: faces that lie on others (windows, lamps) are drawn after them; shape (m,).
        outer_m: the points that reach farthest in some direction: enough for a shadow; shape (o, 3).
        lamps: faces that are headlamps, rear lamps or beacons; lamps_m: their middles, shape (l, 3).
        plates_m: corners of the plates (top left, top right, bottom right, bottom left), shape (k, 4, 3).
        plate_sizes_mm: width and height of each plate.
    """

    points_m: Array
    group: npt.NDArray[np.int64]
    faces: npt.NDArray[np.int64]
    normals: Array
    colours: Array
    material: npt.NDArray[np.int64]
    lift: Array
    outer_m: Array
    lamps: npt.NDArray[np.int64]
    lamps_m: Array
    plates_m: Array
    plate_sizes_mm: tuple[tuple[int, int], ...]


class MeshBuilder:
    """Collects convex parts; faces are turned outward from the middle of their part.

    Attributes:
        is_coarse: round parts get half as many faces: for what is far away.
        palette: 0 or 1: every other colour of each list, so that no two palettes share one.
    """

    def __init__(self, *, is_coarse: bool = False, palette: int = 0) -> None:
        self.is_coarse = is_coarse
        self.palette = palette
        self.group: Group = BODY
        self._points: list[Array] = []
        self._groups: list[npt.NDArray[np.int64]] = []
        self._faces: list[tuple[int, int, int, int]] = []
        self._outward: list[Array | tuple[float, float, float]] = []
        self._is_hint: list[bool] = []
        self._colours: list[Colour] = []
        self._material: list[int] = []
        self._lift: list[float] = []
        self._plates: list[Array] = []
        self._plate_sizes: list[tuple[int, int]] = []
        self._count = 0

    def pick(self, rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
        """One of the colours that this palette has."""
        mine = colours[self.palette :: 2]
        return mine[int(rng.integers(len(mine)))]

    def part(self, points: Array, faces: list[tuple[int, ...]], colour: Colour, material: int = MATTE) -> None:
        """A convex part."""
        middle = points.mean(axis=0)
        for face in faces:
            self._add_face(face, middle, colour, material, 0.0)
        self._is_hint += [False] * len(faces)
        self._add_points(points)

    def decal(self, corners: Array, normal_hint: tuple[float, float, float], colour: Colour, material: int) -> None:
        """One flat face that lies on a part; `normal_hint` says on which side."""
        normal = _normal(corners)
        if normal @ np.asarray(normal_hint) < 0:
            normal = -normal
        order = tuple(range(len(corners)))
        self._add_face(order, normal_hint, colour, material, 0.25)
        self._is_hint.append(True)
        self._add_points(corners + normal * 0.012)

    def plate(self, centre: tuple[float, float, float], size_mm: tuple[int, int], faces_back: bool) -> None:
        """An upright plate at `centre`, facing back (-y) or forward."""
        half_w, half_h = size_mm[0] / 2000, size_mm[1] / 2000
        side = 1.0 if faces_back else -1.0
        offsets = [(-half_w, half_h), (half_w, half_h), (half_w, -half_h), (-half_w, -half_h)]
        corners = [(centre[0] + side * dx, centre[1], centre[2] + dz) for dx, dz in offsets]
        self._plates.append(np.array(corners))
        self._plate_sizes.append(size_mm)

    def _add_face(self, face: tuple[int, ...], outward: Array | tuple[float, float, float], colour: Colour,
                  material: int, lift: float) -> None:  # fmt: skip
        """`outward` is the middle of the part that the face belongs to, or a direction that it faces."""
        a, b, c = (index + self._count for index in face[:3])
        self._faces.append((a, b, c, face[3] + self._count if len(face) == 4 else c))
        self._outward.append(outward)
        self._colours.append(colour)
        self._material.append(material)
        self._lift.append(lift)

    def _add_points(self, points: Array) -> None:
        self._points.append(points)
        self._groups.append(np.full(len(points), self.group, dtype=np.int64))
        self._count += len(points)

    def box(self, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], colour: Colour,
            material: int = MATTE) -> None:  # fmt: skip
        """An upright box."""
        self.taper(x, y, z, (0.0, 0.0, 0.0, 0.0), colour, material)

    def taper(self, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float],
              inset: tuple[float, float, float, float], colour: Colour, material: int = MATTE) -> None:  # fmt: skip
        """A box whose top is drawn in by left, right, back, front metres."""
        left, right, back, front = inset
        points = np.array(
            [
                (x[0], y[0], z[0]), (x[1], y[0], z[0]), (x[1], y[1], z[0]), (x[0], y[1], z[0]),
                (x[0] + left, y[0] + back, z[1]), (x[1] - right, y[0] + back, z[1]),
                (x[1] - right, y[1] - front, z[1]), (x[0] + left, y[1] - front, z[1]),
            ]
        )  # fmt: skip
        faces: list[tuple[int, ...]] = [(0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7), (4, 5, 6, 7)]
        self.part(points, faces, colour, material)

    def loft(self, rings: list[Array], colour: Colour, material: int = MATTE, caps: bool = True) -> None:
        """Quads between rings of the same number of points; convex caps at both ends."""
        size = len(rings[0])
        points = np.concatenate(rings)
        faces: list[tuple[int, ...]] = []
        for ring in range(len(rings) - 1):
            a, b = ring * size, (ring + 1) * size
            faces += [(a + k, a + (k + 1) % size, b + (k + 1) % size, b + k) for k in range(size)]
        if caps:
            for base in (0, (len(rings) - 1) * size):
                faces += [(base, base + k, base + k + 1, base + min(k + 2, size - 1)) for k in range(1, size - 1, 2)]
        self.part(points, faces, colour, material)

    def tube(self, a: tuple[float, float, float], b: tuple[float, float, float], radius_a: float, radius_b: float,
             colour: Colour, sides: int = 6, caps: bool = True, material: int = MATTE) -> None:  # fmt: skip
        """A limb, a pipe or a wheel: a prism from a to b."""
        if self.is_coarse:
            sides = 4 if sides > 4 else 3
        start, end = np.asarray(a), np.asarray(b)
        axis = (end - start) / max(1e-9, float(np.linalg.norm(end - start)))
        other = np.array((0.0, 0.0, 1.0)) if abs(axis[2]) < 0.9 else np.array((1.0, 0.0, 0.0))
        u = np.cross(axis, other)
        u /= np.linalg.norm(u)
        v = np.cross(axis, u)
        angles = np.arange(sides) * 2 * math.pi / sides
        ring = np.cos(angles)[:, None] * u + np.sin(angles)[:, None] * v
        self.loft([start + ring * radius_a, end + ring * radius_b], colour, material, caps)

    def ellipsoid(self, centre: tuple[float, float, float], radii: tuple[float, float, float], colour: Colour,
                  latitudes: tuple[float, float] = (-90, 90), rings: int = 4, sides: int = 8,
                  material: int = MATTE) -> None:  # fmt: skip
        """An ellipsoid, or the part of it between two latitudes in degrees."""
        if self.is_coarse:
            rings, sides = max(2, rings - 1), 5
        angles = np.arange(sides) * 2 * math.pi / sides
        made: list[Array] = []
        for latitude in np.radians(np.linspace(latitudes[0], latitudes[1], rings)):
            r = max(0.02, math.cos(latitude))
            ring = np.stack([np.cos(angles) * r, np.sin(angles) * r, np.full(sides, math.sin(latitude))], axis=1)
            made.append(np.asarray(centre) + ring * np.asarray(radii))
        self.loft(made, colour, material)

    def build(self) -> Mesh:
        """The finished mesh."""
        points_m, faces = np.concatenate(self._points), np.array(self._faces, dtype=np.int64)
        material = np.array(self._material, dtype=np.int64)
        lamps = np.flatnonzero((material == HEAD_LAMP) | (material == BRAKE_LAMP) | (material == BEACON))
        return Mesh(
            points_m=points_m,
            group=np.concatenate(self._groups),
            faces=faces,
            normals=_normals(points_m[faces], np.array(self._outward, dtype=np.float64), np.array(self._is_hint)),
            colours=np.array(self._colours, dtype=np.float64),
            material=material,
            lift=np.array(self._lift),
            outer_m=points_m[np.unique((points_m @ _DIRECTIONS.T).argmax(axis=0))],
            lamps=lamps,
            lamps_m=points_m[faces[lamps]].mean(axis=1).reshape(-1, 3),
            plates_m=np.array(self._plates).reshape(-1, 4, 3),
            plate_sizes_mm=tuple(self._plate_sizes),
        )


def _normal(corners: Array) -> Array:
    """Unit normal by Newell's method, for faces with a repeated or nearly repeated corner too."""
    after = np.roll(corners, -1, axis=0)
    normal = np.array(
        [
            float(((corners[:, 1] - after[:, 1]) * (corners[:, 2] + after[:, 2])).sum()),
            float(((corners[:, 2] - after[:, 2]) * (corners[:, 0] + after[:, 0])).sum()),
            float(((corners[:, 0] - after[:, 0]) * (corners[:, 1] + after[:, 1])).sum()),
        ]
    )
    return normal / max(1e-12, float(np.linalg.norm(normal)))


def _normals(corners: Array, outward: Array, is_hint: npt.NDArray[np.bool_]) -> Array:
    """Unit normals of faces of shape (m, 4, 3) by Newell's method, turned outward."""
    after = np.roll(corners, -1, axis=1)
    less, more = corners - after, corners + after
    made = np.stack(
        [(less[:, :, 1] * more[:, :, 2]).sum(1), (less[:, :, 2] * more[:, :, 0]).sum(1),
         (less[:, :, 0] * more[:, :, 1]).sum(1)], axis=1,
    )  # fmt: skip
    made /= np.maximum(1e-12, np.linalg.norm(made, axis=1, keepdims=True))
    away = np.where(is_hint[:, None], outward, corners.mean(axis=1) - outward)
    made[(made * away).sum(axis=1) < 0] *= -1
    return made
