"""`sumo://junction?seed=1&duration_s=3600`: which of SUMO's worlds, and how much of it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

from phatnguoi.bench.sumo.junction import SumoJunction
from phatnguoi.bench.worlds import World
from phatnguoi.errors import CommandError

WORLDS: dict[str, Callable[[int, float], World]] = {"junction": SumoJunction}


def sumo_world(address: str) -> World:
    """The world of an address.

    Raises:
        CommandError: there is no such world, or SUMO is not installed.
    """
    parts = urlsplit(address)
    settings = dict(parse_qsl(parts.query))
    try:
        make = WORLDS[parts.netloc]
        return make(int(settings["seed"]), float(settings["duration_s"]))
    except (KeyError, ValueError):
        known = ", ".join(sorted(WORLDS))
        raise CommandError(f"{address}: expected sumo://WORLD?seed=N&duration_s=S, WORLD one of: {known}") from None
