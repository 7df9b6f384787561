"""What the road says of each act is what its vehicles did, and its camera file asks for the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.camera_file import load_camera_file
from streams.simulated.camera_files import camera_file
from streams.simulated.errors import WorldSettingError
from streams.simulated.render import Renderer
from streams.simulated.road.errands import STOP_AFTER_S
from streams.simulated.road.plan import HOURS, LIMIT_KMH, STRIP_M, plan_of
from streams.simulated.road.scenery import road_camera
from streams.simulated.settings import ROAD_ACTS, parse_url
from streams.simulated.truths import truth_of

Line = dict[str, Any]
URL = "sim://road?fps=5&size=320x180&duration_s=75&violators=2&seed={seed}&acts={acts}"
DRIVING = "wrong_lane+solid_line+bus_lane+u_turn+sidewalk+speeding"


class Told:
    """The whole truth of one road."""

    def __init__(self, url: str) -> None:
        self.settings = parse_url(url)
        self.plan = plan_of(self.settings)
        renderer = Renderer(self.settings)
        truth = truth_of(renderer)
        self.frames: list[Line] = []
        for index in range(self.settings.frame_count):
            _, drawn, lamp = renderer.frame(index)
            self.frames.append(truth.frame(index, drawn, lamp))
        self.acts = truth.acts()

    def lines(self, rule: str, kind: str = "violation") -> list[Line]:
        return [line for line in self.acts if (line["rule"], line["kind"]) == (rule, kind)]

    def during(self, line: Line) -> list[Line]:
        """The mover of an act in each of its frames."""
        frames = self.frames[line["frame_from"] : line["frame_to"] + 1]
        return [mover for frame in frames for mover in frame["movers"] if mover["track_id"] == line["track_id"]]


@pytest.fixture(scope="module")
def driving() -> Told:
    return Told(URL.format(seed=1_010, acts=DRIVING).replace("320x180", "640x360"))


@pytest.fixture(scope="module")
def standing() -> Told:
    return Told(URL.format(seed=1_012, acts="illegal_stopping").replace("violators=2", "violators=1"))


def test_acts_and_near_misses_are_shown(driving: Told) -> None:
    shown = {line["rule"] for line in driving.acts if line["kind"] == "violation"}
    assert shown >= {"wrong_lane", "solid_line", "bus_lane", "u_turn", "sidewalk"}
    assert {line["rule"] for line in driving.acts if line["kind"] == "near_miss"} >= {"solid_line", "u_turn"}


def test_nobody_is_told_twice_of_one_rule(driving: Told) -> None:
    told = [(line["rule"], line["track_id"]) for line in driving.acts if line["rule"] != "speeding"]
    assert len(told) == len(set(told))


def test_only_motorbikes_break_the_car_lane_and_they_ride_in_it(driving: Told) -> None:
    for line in driving.lines("wrong_lane"):
        assert line["class"] == "motorcycle" and line["way_m"] >= 8.0
        assert {mover["lane"] for mover in driving.during(line)} == {"l1"}


def test_buses_may_drive_in_the_bus_lane(driving: Told) -> None:
    last = f"l{driving.plan.lanes}"
    for line in driving.lines("bus_lane"):
        assert line["class"] != "bus"
        assert {mover["lane"] for mover in driving.during(line)} == {last}


def test_who_is_over_the_solid_line_has_crossed_it_where_it_is_solid(driving: Told) -> None:
    for line in driving.lines("solid_line"):
        assert line["over_m"] >= 0.5
        low_m, high_m = driving.plan.solid_m
        assert all(low_m < mover["y_m"] < high_m + 5 for mover in driving.during(line))
    touched = [line["track_id"] for line in driving.lines("solid_line", "near_miss") if line["what"] == "touches_line"]
    for frame in driving.frames:
        assert all(m["x_m"] < driving.plan.line_m for m in frame["movers"] if m["track_id"] in touched)


def test_who_turns_back_comes_down_the_other_half(driving: Told) -> None:
    for line in driving.lines("u_turn"):
        ways = {round(mover["heading_deg"]) % 360 for mover in driving.during(line)}
        assert 180 in ways


def test_true_speeds_are_above_the_limit_by_more_than_the_first_tier(driving: Told) -> None:
    for line in driving.lines("speeding"):
        assert line["speed_kmh"] >= LIMIT_KMH + 5
    for line in driving.lines("speeding", "near_miss"):
        speeds = [m["speed_m_s"] * 3.6 for m in driving.during(line)]
        assert max(speeds) < LIMIT_KMH + 5


def test_who_stops_stands_for_longer_than_the_file_says(standing: Told) -> None:
    assert standing.lines("illegal_stopping")
    assert "short_stop" in {line["what"] for line in standing.lines("illegal_stopping", "near_miss")}
    for line in standing.lines("illegal_stopping"):
        assert line["stood_s"] > STOP_AFTER_S
        assert all(mover["speed_m_s"] < 0.15 and mover["lane"] == "strip" for mover in standing.during(line))


def test_the_same_seed_gives_the_same_road() -> None:
    url = URL.format(seed=1_003, acts="all").replace("duration_s=75", "duration_s=4")
    one, other = Told(url), Told(url)
    assert one.frames == other.frames and one.acts == other.acts


def test_a_one_way_street_has_riders_against_it_and_no_turning_back() -> None:
    plan = plan_of(parse_url("sim://road?seed=1003&street=one_way"))
    assert "wrong_way" in plan.acts and "u_turn" not in plan.acts and plan.oncoming_lanes == 0
    assert "wrong_way" not in plan_of(parse_url("sim://road?seed=1003")).acts


def test_the_hours_of_the_sign_differ_from_seed_to_seed() -> None:
    hours = {plan_of(parse_url(f"sim://road?seed={seed}")).hours for seed in range(1_000, 1_012)}
    assert HOURS in hours and len(hours) == 2


@pytest.mark.parametrize(("seed", "street"), [(1_002, "two_way"), (1_003, "two_way"), (1_004, "one_way")])
def test_the_camera_file_has_a_rule_for_each_act_and_is_taken(seed: int, street: str, tmp_path: Path) -> None:
    settings = parse_url(f"sim://road?seed={seed}&street={street}")
    path = tmp_path / "road.yaml"
    path.write_text(camera_file(settings), encoding="utf-8")
    camera = load_camera_file(path).camera
    assert {entry.rule for entry in camera.rules} == plan_of(settings).acts
    assert all(entry.mode == "warning" for entry in camera.rules)


def test_ground_points_of_the_camera_file_are_exact(tmp_path: Path) -> None:
    settings = parse_url("sim://road?seed=1002")
    path = tmp_path / "road.yaml"
    path.write_text(camera_file(settings), encoding="utf-8")
    ground = load_camera_file(path).camera.ground
    assert ground is not None
    seen = road_camera(settings, plan_of(settings))
    for point_px, (x_m, y_m) in zip(ground.points_px, ground.points_m, strict=True):
        u, v = seen.ground_px(x_m, y_m)
        assert abs(u - point_px[0]) < 0.03 and abs(v - point_px[1]) < 0.03


def test_an_act_of_the_crossing_is_none_of_the_road() -> None:
    with pytest.raises(WorldSettingError, match="acts: got 'red_light', expected all, or some of wrong_way"):
        parse_url("sim://road?acts=red_light")
    assert parse_url("sim://road").acts == ROAD_ACTS
    assert parse_url(parse_url("sim://road?street=one_way&acts=bus_lane").url).acts == ("bus_lane",)


def test_the_strip_at_the_kerb_is_wide_enough_for_a_bus() -> None:
    assert STRIP_M > 2.45 * 1.03
