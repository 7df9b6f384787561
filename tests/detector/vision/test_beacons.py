"""Who is on duty: flashing beacons on the roof, and all that must not be taken for them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from detector.vision.beacons import MOST_KEPT, BeaconWatch
from models.domain.frame import BGR
from models.domain.geometry import BoxPx
from models.domain.scene import Track, VehicleClass

RATE_HZ = 12.0
BOX = BoxPx(20, 20, 100, 100)
RED, BLUE, AMBER, GREY = (40, 40, 250), (250, 80, 40), (20, 150, 250), (120, 125, 128)
Painter = Callable[[BGR, float, int], None]


def left_and_right(image: BGR, a: tuple[int, int, int], b: tuple[int, int, int]) -> None:
    image[24:30, 32:56] = a
    image[24:30, 64:88] = b


def changing(image: BGR, t_s: float, _: int) -> None:
    left_and_right(image, *((RED, BLUE) if int(t_s / 0.25) % 2 else (BLUE, RED)))


def flashing(colour: tuple[int, int, int], period_s: float = 0.6) -> Painter:
    def paint(image: BGR, t_s: float, _: int) -> None:
        if t_s % period_s < period_s / 2:
            left_and_right(image, colour, colour)

    return paint


def steady(image: BGR, _: float, __: int) -> None:
    left_and_right(image, RED, BLUE)


def red_paint(image: BGR, _: float, step: int) -> None:
    image[20 + step % 3 : 100, 20 + step % 2 : 100] = RED


def tail_lamps(image: BGR, t_s: float, _: int) -> None:
    if t_s % 0.8 < 0.4:
        image[60:72, 22:36] = image[60:72, 84:98] = RED


def brakes_twice(image: BGR, t_s: float, _: int) -> None:
    """The third brake lamp, high up."""
    if 0.5 < t_s < 1.1 or 1.6 < t_s < 2.2:
        image[24:28, 50:70] = RED


def sparks(image: BGR, _: float, step: int) -> None:
    """A few red pixels that the codec turns on and off."""
    if step % 3 == 0:
        image[26, 50:54] = RED


def on_duty(paint: Painter, *, vehicle: VehicleClass = "car", box: BoxPx = BOX, seconds: float = 5.0) -> bool:
    watch = BeaconWatch()
    found: frozenset[int] = frozenset()
    noise = np.random.default_rng(7)
    for step in range(round(seconds * RATE_HZ)):
        image = np.full((120, 120, 3), 90, np.uint8)
        image[20:100, 20:100] = GREY
        paint(image, step / RATE_HZ, step)
        image = np.clip(image.astype(int) + noise.integers(-8, 9, image.shape), 0, 255).astype(np.uint8)
        shifted = BoxPx(box.x1 + step % 2, box.y1 - step % 2, box.x2, box.y2)
        found = watch.observe(image, [Track(1, vehicle, shifted, 0.9)], round(step / RATE_HZ * 1_000_000))
    return found == {1}


@pytest.mark.parametrize("vehicle", ["car", "truck", "bus"])
def test_beacons_that_change_between_red_and_blue_are_seen(vehicle: VehicleClass) -> None:
    assert on_duty(changing, vehicle=vehicle)


@pytest.mark.parametrize("colour", [RED, BLUE], ids=["red", "blue"])
@pytest.mark.parametrize("period_s", [0.34, 0.6, 1.0])
def test_beacons_that_flash_in_one_colour_are_seen(colour: tuple[int, int, int], period_s: float) -> None:
    assert on_duty(flashing(colour, period_s), seconds=8.0)


ORDINARY: dict[str, Painter] = {
    "a grey car": lambda image, t_s, step: None,
    "beacons that are off": lambda image, t_s, step: left_and_right(image, (60, 30, 30), (30, 30, 60)),
    "lamps that stand still": steady,
    "red paint": red_paint,
    "tail lamps that flash": tail_lamps,
    "a high brake lamp, twice": brakes_twice,
    "turn lamps": flashing(AMBER),
    "sparks of the codec": sparks,
    "a lamp that changes once a minute": flashing(RED, 60.0),
}


@pytest.mark.parametrize("paint", ORDINARY.values(), ids=ORDINARY.keys())
def test_an_ordinary_vehicle_is_not_on_duty(paint: Painter) -> None:
    assert not on_duty(paint, seconds=10.0)


def test_two_wheelers_and_tiny_vehicles_are_not_looked_at() -> None:
    assert not on_duty(changing, vehicle="motorcycle")
    assert not on_duty(changing, box=BoxPx(20, 20, 40, 40))


def test_duty_outlasts_a_moment_and_ends_with_the_track() -> None:
    watch, track = BeaconWatch(), Track(1, "car", BOX, 0.9)
    dark = np.full((120, 120, 3), 90, np.uint8)
    for step in range(40):
        image = dark.copy()
        changing(image, step / RATE_HZ, step)
        found = watch.observe(image, [track], round(step / RATE_HZ * 1_000_000))
    assert found == {1}
    assert watch.observe(dark, [track], 20_000_000) == {1}
    assert watch.observe(dark, [track], 60_000_000) == frozenset()
    watch.forget([1])
    assert len(watch._roofs) == 0


def test_thousands_of_tracks_leave_a_bounded_state() -> None:
    watch, dark = BeaconWatch(), np.full((120, 120, 3), 90, np.uint8)
    for number in range(2_000):
        watch.observe(dark, [Track(number, "car", BOX, 0.9)], number * 100_000)
    assert len(watch._roofs) <= MOST_KEPT


def test_a_box_at_the_edge_of_the_picture_is_no_trouble() -> None:
    watch, dark = BeaconWatch(), np.full((120, 120, 3), 90, np.uint8)
    boxes = [BoxPx(-50, -40, 30, 60), BoxPx(100, 80, 200, 180), BoxPx(118, 0, 130, 100), BoxPx(0, 0, 120, 120)]
    assert watch.observe(dark, [Track(n, "bus", box, 0.9) for n, box in enumerate(boxes)], 0) == frozenset()
