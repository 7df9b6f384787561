"""Rider and motorbike are one vehicle: persons who sit on a two-wheeler are joined with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.domain.geometry import BoxPx
from models.domain.scene import Detection, DetectionLabel

SEATED_OVERLAP = 0.35
"""Least share of the narrower box's width that rider and bike have in common."""
MOST_RIDERS = 4
DOUBLE_SHARE = 0.7
"""Two sightings whose smaller one lies inside the other by this share, ending at the same height, are one vehicle."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One detection, or one two-wheeler with the persons on it.

    Attributes:
        box: of the whole.
        label: of the vehicle; "person" where no vehicle was seen.
        confidence: the highest of its parts.
        people: persons joined.
        rider_box: box of the lowest person joined, or of the person alone.
    """

    box: BoxPx
    label: DetectionLabel
    confidence: float
    people: int = 0
    rider_box: BoxPx | None = None


def join_riders(detections: Sequence[Detection]) -> list[Sighting]:
    """Joins each person to the two-wheeler that he sits on; the rest stay what they are."""
    bikes = [d for d in detections if d.label in ("motorcycle", "bicycle")]
    persons = [d for d in detections if d.label == "person"]
    riders: dict[int, list[Detection]] = {}
    alone: list[Detection] = []
    for person in persons:
        seats = [(_seat(person.box, bike.box), -i) for i, bike in enumerate(bikes)]
        best, index = max(seats, default=(0.0, 0))
        if best > 0 and len(riders.get(-index, [])) < MOST_RIDERS:
            riders.setdefault(-index, []).append(person)
        else:
            alone.append(person)
    two_wheelers = [_joined(bike, riders.get(i, [])) for i, bike in enumerate(bikes)]
    two_wheelers += [Sighting(d.box, "person", d.confidence, 1, d.box) for d in alone]
    sightings = _without_doubles(two_wheelers)
    sightings += [Sighting(d.box, d.label, d.confidence) for d in detections if _is_four_wheeled(d.label)]
    return sightings


def _without_doubles(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Drops what is a part of a better sighting: a person or a bike found a second time inside the whole."""
    kept: list[Sighting] = []
    for sighting in sorted(sightings, key=lambda s: (s.label == "person", -s.people, -s.confidence, s.box.x1)):
        if not any(_is_double(sighting.box, other.box) for other in kept):
            kept.append(sighting)
    return kept


def _is_double(box: BoxPx, of: BoxPx) -> bool:
    smaller = min(box.area, of.area)
    if smaller <= 0 or box.intersection(of) < DOUBLE_SHARE * smaller:
        return False
    return abs(box.y2 - of.y2) < 0.3 * max(box.height, of.height)


def _is_four_wheeled(label: DetectionLabel) -> bool:
    return label in ("car", "bus", "truck")


def _seat(person: BoxPx, bike: BoxPx) -> float:
    """How well a person sits on a bike, 0 for not at all.

    A seated person shares width with the bike, reaches higher than it, and ends between its top and a little under its
    lower edge; someone who walks behind or before it ends elsewhere.
    """
    shared = min(person.x2, bike.x2) - max(person.x1, bike.x1)
    narrower = min(person.width, bike.width)
    if narrower <= 0 or shared < SEATED_OVERLAP * narrower:
        return 0.0
    if not (bike.y1 + 0.05 * bike.height <= person.y2 <= bike.y2 + 0.25 * bike.height):
        return 0.0
    if person.y1 > bike.y1 + 0.25 * bike.height or person.height > 3.5 * bike.height:
        return 0.0
    offset = abs(person.center.x - bike.center.x) / max(bike.width, person.width)
    return max(0.0, shared / narrower - 0.5 * offset)


def _joined(bike: Detection, persons: Sequence[Detection]) -> Sighting:
    parts = [bike, *persons]
    box = BoxPx(
        min(p.box.x1 for p in parts),
        min(p.box.y1 for p in parts),
        max(p.box.x2 for p in parts),
        max(p.box.y2 for p in parts),
    )
    lowest = max(persons, key=lambda p: p.box.y2).box if persons else None
    return Sighting(box, bike.label, max(p.confidence for p in parts), len(persons), lowest)
