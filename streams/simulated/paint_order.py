"""In which order solids are painted, so that nobody covers who stands nearer."""

from __future__ import annotations

from typing import Protocol, TypeVar


class Standing(Protocol):
    """Something on the ground: its footprint in metres (x from, x to, y from, y to) and its box in the picture, px."""

    extent: tuple[float, float, float, float]
    box: tuple[float, float, float, float]


S = TypeVar("S", bound=Standing)


def far_to_near(solids: list[S], camera_x_m: float) -> list[S]:
    """An order in which nobody is drawn over who stands nearer; footprints are upright rectangles."""
    rest = sorted(solids, key=lambda s: -s.extent[2] - s.extent[3])
    behind: dict[int, set[int]] = {k: set() for k in range(len(rest))}
    for i, a in enumerate(rest):
        for j in range(i + 1, len(rest)):
            b = rest[j]
            if a.box[0] < b.box[2] and b.box[0] < a.box[2] and a.box[1] < b.box[3] and b.box[1] < a.box[3]:
                if _is_nearer(a, b, camera_x_m):
                    behind[i].add(j)
                else:
                    behind[j].add(i)
    order: list[S] = []
    waiting = list(range(len(rest)))
    done: set[int] = set()
    while waiting:
        pick = next((k for k in waiting if behind[k] <= done), waiting[0])
        waiting.remove(pick)
        done.add(pick)
        order.append(rest[pick])
    return order


def _is_nearer(a: Standing, b: Standing, camera_x_m: float) -> bool:
    """a stands before b as the camera sees it."""
    ax0, ax1, ay0, ay1 = a.extent
    bx0, bx1, by0, by1 = b.extent
    if ay1 <= by0 + 0.15:
        return True
    if by1 <= ay0 + 0.15:
        return False
    if ax1 <= bx0 + 0.1 or bx1 <= ax0 + 0.1:
        return abs((ax0 + ax1) / 2 - camera_x_m) < abs((bx0 + bx1) / 2 - camera_x_m)
    return ay0 + ay1 < by0 + by1
