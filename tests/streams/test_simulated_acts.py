"""What the crossing says of each act is what its vehicles did: every violation, and every near-miss that is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.camera_file import load_camera_file
from streams.simulated.camera_file import camera_file
from streams.simulated.layout import layout_of
from streams.simulated.phases import phases_of
from streams.simulated.places import box, crosswalk, exit_left, exit_right
from streams.simulated.regime import regime_of
from streams.simulated.render import Renderer
from streams.simulated.settings import ACTS, WorldSettings
from streams.simulated.traffic import Traffic
from streams.simulated.truth import TruthKeeper

TINY = WorldSettings(fps=2.0, width_px=240, height_px=136, duration_s=90.0, acts=ACTS, violators=6.0)
ALONE = replace(TINY, seed=1_104, duration_s=70.0, violators=10.0)
WORLDS = (
    replace(TINY, seed=1_106), replace(ALONE, acts=("stop_line",)), replace(ALONE, acts=("red_light",)),
)  # fmt: skip
Line = dict[str, Any]


class Told:
    """The whole truth of one world."""

    def __init__(self, settings: WorldSettings) -> None:
        renderer = Renderer(settings)
        keeper = TruthKeeper(renderer)
        self.settings, self.world = settings, keeper.world()
        self.frames: list[Line] = []
        for index in range(settings.frame_count):
            _, drawn, lamp = renderer.frame(index)
            self.frames.append(keeper.frame(index, drawn, lamp))
        self.acts = keeper.acts()

    def lines(self, rule: str, kind: str = "violation") -> list[Line]:
        return [line for line in self.acts if (line["rule"], line["kind"]) == (rule, kind)]

    def way(self, track_id: int) -> list[tuple[int, Line]]:
        """Where one vehicle was in each frame."""
        found = ((frame["frame_index"], mover) for frame in self.frames for mover in frame["movers"])
        return [(index, mover) for index, mover in found if mover["track_id"] == track_id]


@pytest.fixture(scope="module")
def told() -> list[Told]:
    return [Told(settings) for settings in WORLDS]


def test_every_act_is_shown(told: list[Told]) -> None:
    shown = {line["rule"] for one in told for line in one.acts if line["kind"] == "violation"}
    assert shown == set(ACTS)


def test_near_misses_stand_beside_the_violations(told: list[Told]) -> None:
    shown = {line["what"] for one in told for line in one.acts if line["kind"] == "near_miss"}
    assert shown >= {"lawful_turn", "waits_in_box", "waited", "waited_for_person"}


def test_who_stops_past_the_line_stands_there_on_red_and_came_after_it_began(told: list[Told]) -> None:
    for one in told:
        ran = {line["track_id"] for line in one.lines("red_light")}
        for line in one.lines("stop_line"):
            assert line["past_m"] >= 0.5 and line["rear_past_m"] < 0.5
            assert line["track_id"] not in ran
            standing = [
                one.frames[index]["signal"] for index, mover in one.way(line["track_id"])
                if line["frame_from"] <= index <= line["frame_to"] and mover["speed_m_s"] < 0.2
            ]  # fmt: skip
            assert standing.count("red") >= 2
            into_red_s = one.frames[line["frame_index"]]["into_red_s"]
            assert into_red_s is None or into_red_s > 0


def test_who_turns_where_a_sign_forbids_it_reaches_that_exit(told: list[Told]) -> None:
    for one in told:
        layout = layout_of(one.settings)
        exits = {"left": exit_left(layout), "right": exit_right(layout)}
        regime = regime_of(one.settings, layout)
        for line in (*one.lines("forbidden_turn"), *one.lines("wrong_lane"), *one.lines("forbidden_turn", "near_miss")):
            mover = dict(one.way(line["track_id"]))[line["frame_index"]]
            assert exits[line["turn"]].holds(mover["x_m"], mover["y_m"])
            turns = regime.turns[int(line["lane"][1:]) - 1]
            is_forbidden = line["turn"] == one.world["forbidden_turn"]
            assert is_forbidden == (line["rule"] == "forbidden_turn" and line["kind"] == "violation")
            assert (line["turn"] in turns) == (line["kind"] == "near_miss")


def test_who_blocks_the_junction_stands_in_it_all_the_time(told: list[Told]) -> None:
    for one in told:
        place = box(layout_of(one.settings))
        for line in one.lines("junction_blocking"):
            assert line["stood_s"] >= 12.0
            inside = [
                place.holds(mover["x_m"], mover["y_m"]) and mover["speed_m_s"] < 0.3
                for index, mover in one.way(line["track_id"]) if line["frame_from"] <= index <= line["frame_to"]
            ]  # fmt: skip
            assert sum(inside) >= 0.8 * len(inside)
        assert all(line["stood_s"] < 12.0 for line in one.lines("junction_blocking", "near_miss"))


def _people_on(place: Any, frame: Line) -> int:
    return sum(place.holds(m["x_m"], m["y_m"]) for m in frame["movers"] if m["class"] == "person")


def test_who_does_not_yield_drives_while_a_person_is_on_the_crosswalk(told: list[Told]) -> None:
    for one in told:
        place = crosswalk(layout_of(one.settings))
        for line in one.lines("yield_pedestrian"):
            assert _people_on(place, one.frames[line["frame_index"]]) > 0
            assert dict(one.way(line["track_id"]))[line["frame_index"]]["speed_m_s"] > 0.3
        for line in one.lines("yield_pedestrian", "near_miss"):
            assert _people_on(place, one.frames[line["frame_index"]]) == 0


def test_a_world_without_violators_shows_none() -> None:
    lawful = Told(replace(TINY, seed=1_103, violators=0.0, duration_s=60.0))
    assert not [line for line in lawful.acts if line["kind"] == "violation"]
    assert lawful.acts


def test_who_ran_the_light_is_wholly_past_the_line_in_the_same_red() -> None:
    traffic = Traffic(WorldSettings(seed=1_002, violators=4.0))
    rears: dict[int, list[tuple[float, float]]] = {}
    for tick in range(20 * 80):
        traffic.advance_to(tick / 20)
        for mover in traffic.movers.values():
            rears.setdefault(mover.mover_id, []).append((traffic.now_s, mover.front_m - mover.length_m))
    claims = [crossing for crossing in traffic.crossings if crossing.is_red_light and crossing.at_s > 1]
    assert claims
    for claim in claims:
        past_s = next(t_s for t_s, rear_m in rears[claim.mover_id] if rear_m >= 0)
        assert traffic.phases.main(past_s - 0.05) == "red"
        assert past_s - claim.at_s < claim.into_red_s + traffic.phases.cycle_s


@pytest.mark.parametrize("lamp", ["dark", "flashing"])
def test_a_lamp_that_governs_nobody_is_run_by_nobody(lamp: Any) -> None:
    traffic = Traffic(WorldSettings(seed=1_002, violators=4.0, lamp=lamp))
    traffic.advance_to(80.0)
    assert [crossing for crossing in traffic.crossings if crossing.lamp == "red"]
    assert not [crossing for crossing in traffic.crossings if crossing.is_red_light]


@pytest.mark.parametrize(
    ("seed", "allowed"), [(1_001, {"has_ambulances": True}), (1_004, {"right_on_red": True})]
)  # fmt: skip
def test_an_ambulance_on_duty_and_a_permitted_turn_on_red_are_no_violations(seed: int, allowed: dict[str, Any]) -> None:
    traffic = Traffic(replace(WorldSettings(seed=seed, violators=0.0), **allowed))
    traffic.advance_to(100.0)
    on_red = [crossing for crossing in traffic.crossings if crossing.lamp == "red"]
    assert on_red and all(crossing.intent == "on_duty" or crossing.turns_right for crossing in on_red)
    assert not [crossing for crossing in on_red if crossing.is_red_light]


def test_nobody_drives_through_a_rider_who_comes_the_wrong_way() -> None:
    traffic = Traffic(WorldSettings(seed=1_001, violators=4.0))
    met = 0
    for tick in range(0, 20 * 40, 2):
        traffic.advance_to(tick / 20)
        everybody = [mover for mover in traffic.movers.values() if mover.kind != "person"]
        for rider in (mover for mover in everybody if mover.intent == "wrong_side"):
            for other in everybody:
                if other.intent == "wrong_side" or abs(other.yaw - rider.yaw) < 3.0:
                    continue
                met += abs(other.y - rider.y) < 3.0
                a, b = rider.extent(), other.extent()
                assert min(a[1], b[1]) - max(a[0], b[0]) < 0.15 or min(a[3], b[3]) - max(a[2], b[2]) < 0.2
    assert met > 20


@pytest.mark.parametrize("seed", [1_101, 1_104])
def test_the_camera_file_has_an_entry_for_every_act(seed: int, tmp_path: Path) -> None:
    settings = WorldSettings(seed=seed, acts=ACTS, right_on_red=True)
    path = tmp_path / "camera.yaml"
    path.write_text(camera_file(settings), encoding="utf-8")
    camera = load_camera_file(path).camera
    assert {rule.rule for rule in camera.rules} == set(ACTS)
    assert {rule.mode for rule in camera.rules} == {"warning"}
    ids = {one.id for one in camera.zones} | {one.id for one in camera.lanes} | {one.id for one in camera.lines}
    for rule in camera.rules:
        named = [value for name, value in rule.settings.items() if name in ("zone", "lane", "line", "from", "to")]
        assert named and set(named) <= ids
    lanes = [lane for lane in camera.lanes if lane.id[0] == "l"]
    assert [lane.turns for lane in lanes] == list(regime_of(settings, layout_of(settings)).turns)


def test_the_lamp_of_the_truth_is_the_lamp_of_the_phases(told: list[Told]) -> None:
    for one in told:
        phases = phases_of(one.settings)
        assert all(frame["signal"] == phases.main(frame["t_s"]) for frame in one.frames)
