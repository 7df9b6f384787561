"""The worlds by name: who moves, who looks, what stands still. Another world is another entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from streams.simulated.camera import Camera, camera_of
from streams.simulated.layout import layout_of
from streams.simulated.light import Light, light_of
from streams.simulated.movers import Mover, Pose
from streams.simulated.phases import Lamp, shown_lamp
from streams.simulated.road.plan import plan_of
from streams.simulated.road.scenery import road_camera, road_scenery
from streams.simulated.road.traffic import RoadTraffic
from streams.simulated.scenery import Scenery, build_scenery
from streams.simulated.settings import WorldSettings
from streams.simulated.station.scenery import station_camera, station_scenery
from streams.simulated.station.traffic import StationTraffic
from streams.simulated.traffic import Traffic


class Moving(Protocol):
    """The moving part of a world. `advance_to` never goes back."""

    def advance_to(self, t_s: float) -> None: ...

    def poses_at(self, t_s: float) -> list[tuple[Mover, Pose]]: ...


@dataclass(frozen=True, slots=True)
class World:
    """One world, ready to be drawn.

    Attributes:
        lamp: what the signal shows at a time; "off" where there is none.
    """

    traffic: Moving
    camera: Camera
    light: Light
    scenery: Scenery
    lamp: Callable[[float], Lamp]


def _crossing(settings: WorldSettings) -> World:
    layout = layout_of(settings)
    camera, light, traffic = camera_of(settings, layout), light_of(settings), Traffic(settings)
    scenery = build_scenery(settings, layout, camera, light)
    return World(traffic, camera, light, scenery, lambda t_s: shown_lamp(settings.lamp, traffic.phases, t_s))


def _road(settings: WorldSettings) -> World:
    plan, light = plan_of(settings), light_of(settings)
    camera = road_camera(settings, plan)
    return World(RoadTraffic(settings), camera, light, road_scenery(settings, plan, camera, light), lambda _: "off")


def _station(settings: WorldSettings) -> World:
    camera, light = station_camera(settings), light_of(settings)
    return World(StationTraffic(settings), camera, light, station_scenery(settings, camera, light), lambda _: "off")


BUILDERS: Mapping[str, Callable[[WorldSettings], World]] = {"crossing": _crossing, "road": _road, "station": _station}


def world_of(settings: WorldSettings) -> World:
    """Build the world that the settings name; draws its still part, which takes seconds."""
    return BUILDERS[settings.world](settings)
