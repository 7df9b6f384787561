"""Speeding: when it is claimed, when not, and how good the speed and its stated uncertainty are."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from math import sqrt
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.rule import SettingError, Site
from detector.rules.speeding import Settings, Speeding, tier_of
from models.domain.camera import Camera
from models.domain.geometry import BoxPx, PointM
from models.domain.scene import Scene, Track, VehicleClass
from models.domain.violation import Violation
from tests.detector.rules.scenes import CAMERA, shown_to, without_timing

HEIGHT_M, FOCAL_PX, HORIZON_PX = 6.0, 900.0, -60.0
"""A camera 6 m above the road that looks along it, 960×540, its horizon 60 px above the picture."""
MIDDLE_PX = 480.0
SURVEYED_M = [(-4.0, 10.0), (4.0, 10.0), (4.0, 45.0), (-4.0, 45.0), (0.0, 20.0), (0.0, 32.0)]


def to_px(x_m: float, y_m: float) -> tuple[float, float]:
    return MIDDLE_PX + FOCAL_PX * x_m / y_m, HORIZON_PX + FOCAL_PX * HEIGHT_M / y_m


def camera(scale: float = 1.0) -> Camera:
    """The camera whose survey is wrong by a factor."""
    corners = [to_px(*point) for point in [(-4.0, 10.0), (4.0, 10.0), (4.0, 45.0), (-4.0, 45.0)]]
    return Camera.model_validate(
        CAMERA.model_dump(by_alias=True)
        | {
            "frame": {"width": 960, "height": 540},
            "signals": [],
            "lines": [],
            "ground": {
                "points_px": [to_px(*point) for point in SURVEYED_M],
                "points_m": [(x * scale, y * scale) for x, y in SURVEYED_M],
            },
            "lanes": [{"id": "l1", "polygon_px": corners, "heading_px": [to_px(0, 10), to_px(0, 45)]}],
        }
    )


@dataclass(frozen=True)
class Drive:
    """One vehicle up the road, its box with the errors that were measured on motorway_day (docs/measurements.md)."""

    speed_kmh: float
    vehicle: VehicleClass = "car"
    rate_hz: float = 15.0
    noise: float = 1.0
    seed: int = 1
    from_m: float = 12.0
    brakes_m_s2: float = 0.0
    tall_m: float = 1.5

    def scenes(self) -> list[Scene]:
        rng = random.Random(self.seed)
        speed, interval_us = self.speed_kmh / 3.6, round(1_000_000 / self.rate_hz)
        scenes, step, y_m = [], 0, self.from_m
        while y_m < 46.0 and step < 400:
            t_s = step * interval_us / 1_000_000
            y_m = self.from_m + speed * t_s - self.brakes_m_s2 * t_s * t_s / 2
            x_px, y_px = to_px(0.0, y_m)
            tall, wide = FOCAL_PX * self.tall_m / y_m, FOCAL_PX * 1.8 / y_m
            sigma = self.noise * (0.45 + 0.006 * tall)
            x_px, y_px = x_px + rng.gauss(0, 0.8 * sigma), y_px + rng.gauss(0, sigma)
            box = BoxPx(x_px - wide / 2, y_px - tall, x_px + wide / 2, y_px).quantised()
            scenes.append(Scene(step, step * interval_us, interval_us, (Track(1, self.vehicle, box, 0.9),)))
            step += 1
        return scenes


def judged(scenes: list[Scene], site: Site | None = None, **changes: Any) -> list[Violation]:
    chosen = {"limit_kmh": {"car": 50, "motorcycle": 50}} | changes
    return shown_to(Speeding(Settings(lane="l1", **chosen), site or Site(camera())), scenes)


@pytest.mark.parametrize(
    ("speed_kmh", "vehicle", "act_code"),
    [
        (58.5, "car", "SPEED_05_10"),
        (66.0, "car", "SPEED_10_20"),
        (80.0, "car", "SPEED_20_35"),
        (92.0, "car", "SPEED_35"),
        (80.0, "motorcycle", "SPEED_20_35"),
        (92.0, "motorcycle", "SPEED_20_35"),
    ],
)
def test_accuses(speed_kmh: float, vehicle: VehicleClass, act_code: str) -> None:
    (claim,) = judged(Drive(speed_kmh, vehicle).scenes())
    assert (claim.rule, claim.act_code) == ("speeding", act_code)
    assert claim.measurements["advisory"] == 1
    assert abs(claim.measurements["speed_m_h"] - 1000 * speed_kmh) <= claim.measurements["u95_m_h"]
    before, at, beyond = claim.moments
    assert before.pts_us < at.pts_us == claim.pts_us < beyond.pts_us


INNOCENT = {
    "drives at the limit": Drive(50.0).scenes(),
    "4 km/h over: there is no such act": Drive(54.0).scenes(),
    "6 km/h over: within the uncertainty": Drive(56.0).scenes(),
    "a class without a limit": Drive(90.0, "bus").scenes(),
    "comes to a stop within the stretch": Drive(100.0, brakes_m_s2=19.0).scenes(),
    "too few pictures": Drive(90.0, rate_hz=3.0).scenes(),
    "the clock settles": without_timing(Drive(90.0).scenes()),
    "comes towards us, against the lane": list(reversed(Drive(90.0).scenes())),
    "nobody there": [Scene(step, step * 66_667, 66_667, ()) for step in range(30)],
}


@pytest.mark.parametrize("scenes", INNOCENT.values(), ids=INNOCENT.keys())
def test_never_accuses(scenes: list[Scene]) -> None:
    timed = [Scene(n, n * s.interval_us, s.interval_us, s.tracks, timing_ok=s.timing_ok) for n, s in enumerate(scenes)]
    assert judged(timed) == []


def test_an_identity_that_leaps_to_a_vehicle_ahead_is_not_claimed() -> None:
    scenes = Drive(40.0).scenes()
    leap = [Scene(n, s.pts_us, s.interval_us, s.tracks) for n, s in enumerate(scenes[:20])]
    ahead = Drive(40.0, from_m=22.0).scenes()[20:]
    assert judged(leap + ahead) == []


def test_a_hidden_vehicle_is_measured_anew() -> None:
    scenes = Drive(90.0).scenes()
    seen = [s for s in scenes if not 5 <= s.frame_index < 14]
    assert judged(seen) == []


def test_a_person_is_never_measured() -> None:
    scenes = [
        Scene(s.frame_index, s.pts_us, s.interval_us, tuple(Track(t.track_id, None, t.box, 0.9) for t in s.tracks))
        for s in Drive(90.0).scenes()
    ]
    assert judged(scenes) == []


def test_the_value_stays_advisory_where_an_instrument_is_named() -> None:
    """The feed of an instrument is not built: its certificate does not make the picture's speed evidence."""
    instrument = {"id": "LG-1", "certificate_no": "V01", "valid_from": "2026-01-01", "valid_to": "2026-12-31"}
    (claim,) = judged(Drive(80.0).scenes(), instrument=instrument)
    assert claim.measurements["advisory"] == 1


def test_a_certificate_that_ends_before_it_begins_is_refused() -> None:
    instrument = {"id": "LG-1", "certificate_no": "V01", "valid_from": "2026-12-31", "valid_to": "2026-01-01"}
    with pytest.raises(ValueError, match="got valid_to 2026-01-01 before valid_from 2026-12-31"):
        Settings(lane="l1", limit_kmh={"car": 50}, instrument=instrument)  # type: ignore[arg-type]


def test_without_surveyed_points_there_is_no_speed() -> None:
    bare = camera().model_copy(update={"ground": None})
    with pytest.raises(SettingError, match="got a camera file without ground points"):
        judged([], Site(bare))


def test_a_speed_far_from_the_traffic_is_flagged_not_hidden() -> None:
    rule = Speeding(Settings(lane="l1", limit_kmh={"car": 50}), Site(camera()))
    for number in range(6):
        shown = shown_to(rule, Drive(40.0, seed=number).scenes())
        rule.forget(1)
        assert shown == []
    (claim,) = shown_to(rule, Drive(90.0).scenes())
    assert claim.measurements["is_far_from_traffic"] == 1
    assert abs(claim.measurements["traffic_m_h"] - 40_000) < 2_000


@pytest.mark.parametrize(
    ("over_kmh", "vehicle", "act_code"),
    [
        (4.99, "car", None),
        (5.0, "car", "SPEED_05_10"),
        (9.99, "car", "SPEED_05_10"),
        (10.0, "car", "SPEED_10_20"),
        (20.0, "car", "SPEED_10_20"),
        (20.01, "car", "SPEED_20_35"),
        (35.0, "car", "SPEED_20_35"),
        (35.01, "car", "SPEED_35"),
        (60.0, "motorcycle", "SPEED_20_35"),
    ],
)
def test_tiers_are_those_of_the_catalogue(over_kmh: float, vehicle: VehicleClass, act_code: str | None) -> None:
    assert tier_of(over_kmh, vehicle) == act_code


@settings(max_examples=30, deadline=None)
@given(speed_kmh=st.floats(5, 54), seed=st.integers(0, 10_000), rate_hz=st.floats(8, 30))
def test_who_is_less_than_5_over_is_never_claimed(speed_kmh: float, seed: int, rate_hz: float) -> None:
    assert judged(Drive(speed_kmh, seed=seed, rate_hz=rate_hz).scenes()) == []


def measured(drive: Drive, site: Site) -> tuple[float, float]:
    """(speed, U95) km/h, of the first stretch, with a limit that everybody breaks."""
    claims = judged(drive.scenes(), site, limit_kmh={"car": 0.0})
    found = claims[0].measurements
    return found["speed_m_h"] / 1000, found["u95_m_h"] / 1000


@cache
def sample(count: int, scale_sigma: float) -> list[tuple[float, float, float]]:
    """(true speed, measured, U95) of so many vehicles, each with a survey drawn anew."""
    rng = random.Random(2026)
    rows = []
    for number in range(count):
        speed_kmh = rng.uniform(30, 70)
        site = Site(camera(rng.gauss(1.0, scale_sigma)))
        drive = Drive(speed_kmh, seed=number, rate_hz=rng.choice([10.0, 15.0, 25.0]), tall_m=rng.choice([1.5, 2.8]))
        rows.append((speed_kmh, *measured(drive, site)))
    return rows


def test_with_a_true_survey_the_speed_is_right() -> None:
    errors = [abs(found - true) for true, found, _ in sample(150, 0.0)]
    assert median(errors) <= 0.6
    assert max(errors) <= 3.0


def test_with_surveys_that_are_off_by_one_percent_the_stated_interval_holds_95_of_100() -> None:
    rows = sample(500, 0.01)
    inside = sum(abs(found - true) <= u95 for true, found, u95 in rows) / len(rows)
    assert 0.92 <= inside <= 0.98


def test_the_interval_is_no_wider_than_it_must_be() -> None:
    """A stated interval that holds everything would be worth nothing: it is near to what the errors really are."""
    rows = sample(500, 0.01)
    spread = sqrt(sum((found - true) ** 2 for true, found, _ in rows) / len(rows))
    assert median(u95 for _, _, u95 in rows) <= 2.6 * spread


def test_a_survey_that_does_not_fit_widens_the_interval() -> None:
    exact = camera()
    assert exact.ground is not None
    off = (*exact.ground.points_m[:4], PointM(0.0, 20.6), PointM(0.0, 31.5))
    crooked = exact.model_copy(update={"ground": exact.ground.model_copy(update={"points_m": off})})
    assert measured(Drive(60.0), Site(crooked))[1] > 1.3 * measured(Drive(60.0), Site(exact))[1]


def test_forgets_what_it_kept_of_a_track() -> None:
    rule = Speeding(Settings(lane="l1", limit_kmh={"car": 50}), Site(camera()))
    scenes = Drive(58.5).scenes()
    for number in range(300):
        for scene in scenes[:15]:
            tracks = tuple(Track(number, t.vehicle, t.box, 0.9) for t in scene.tracks)
            list(rule.observe(Scene(scene.frame_index, scene.pts_us, scene.interval_us, tracks)))
        rule.forget(number)
    assert all(len(kept) == 0 for kept in vars(rule).values() if isinstance(kept, dict | set))
