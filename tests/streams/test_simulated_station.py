"""What the gate says of each visit is what its vehicles did; its camera file names what its zones are."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from detector.coverage import CoverageLedger
from detector.suspension import Suspension
from models.camera_file import load_camera_file
from models.domain.camera import Zone
from models.domain.frame import FILE_CLOCK, Frame
from phatnguoi.bench.station import Score, watch
from streams.simulated.camera_files import camera_file
from streams.simulated.effects import FAULT_GREY
from streams.simulated.render import Renderer
from streams.simulated.settings import parse_url
from streams.simulated.source import STARTS_AT, pts_us_of
from streams.simulated.station.plan import LANE_OF
from streams.simulated.station.traffic import StationTraffic
from streams.simulated.truths import truth_of

URL = "sim://station?fps=2&size=320x180&duration_s=100&seed=1021"
SECONDS = int(os.environ.get("PHATNGUOI_STATION_SECONDS", "16"))
"""Of the clip through the whole walk; `phatnguoi bench station` measures more."""


class Told:
    """The whole truth of one gate."""

    def __init__(self, url: str) -> None:
        self.settings = parse_url(url)
        renderer = Renderer(self.settings)
        truth = truth_of(renderer)
        self.frames: list[dict[str, Any]] = []
        for index in range(self.settings.frame_count):
            _, drawn, lamp = renderer.frame(index)
            self.frames.append(truth.frame(index, drawn, lamp))
        self.visits = truth.acts()


@pytest.fixture(scope="module")
def told() -> Told:
    return Told(URL)


def test_every_lane_has_visits_and_some_coach_comes_back(told: Told) -> None:
    assert {visit["zone"] for visit in told.visits} == set(LANE_OF)
    zones_of: dict[str, set[str]] = {}
    for visit in told.visits:
        zones_of.setdefault(visit["plate"], set()).add(visit["zone"])
    assert {"gate-in", "gate-out"} in zones_of.values()


def test_a_visit_lasts_as_long_as_its_vehicle_is_in_the_zone(told: Told) -> None:
    for visit in told.visits:
        x_m, y_m = LANE_OF[visit["zone"]].x_m, LANE_OF[visit["zone"]].y_m
        for frame in told.frames[visit["frame_from"] : visit["frame_to"] + 1]:
            (mover,) = [one for one in frame["movers"] if one["track_id"] == visit["track_id"]]
            assert mover["plate"] == visit["plate"]
            assert x_m[0] <= mover["x_m"] <= x_m[1]
            assert y_m[0] - 1 <= mover["y_m"] <= y_m[1] + 7


def test_vehicles_of_one_lane_never_overlap_and_never_back_up() -> None:
    traffic = StationTraffic(parse_url(URL + "&density=3"))
    for step in range(1, 1200):
        before = {number: mover.front_m for number, mover in traffic.movers.items()}
        traffic.advance_to(step * 0.05)
        for lane in LANE_OF.values():
            queue = sorted(
                (m for number, m in traffic.movers.items() if traffic.errands[number].lane is lane),
                key=lambda mover: -mover.front_m,
            )
            for first, second in pairwise(queue):
                assert second.front_m < first.front_m - first.length_m
        assert all(mover.front_m >= before.get(number, 0.0) for number, mover in traffic.movers.items())


def test_the_same_seed_gives_the_same_traffic_at_any_rate() -> None:
    def plates(url: str) -> Counter[str]:
        traffic = StationTraffic(parse_url(url))
        traffic.advance_to(60.0)
        return Counter(str(mover.plate) for mover in traffic.movers.values())

    assert plates(URL) == plates(URL.replace("fps=2", "fps=15")) != plates(URL.replace("1021", "1022"))


def test_the_camera_file_names_kinds_of_zones(tmp_path: Path) -> None:
    path = tmp_path / "station.yaml"
    path.write_text(camera_file(parse_url("sim://station?seed=1021")), encoding="utf-8")
    file = load_camera_file(path)
    kinds = {zone.id: zone.kind for zone in file.camera.zones}
    assert kinds == {
        "gate-in": "gate_in", "gate-out": "gate_out", "inspection": "inspection_lane", "passing": "passing",
    }  # fmt: skip
    assert (file.camera.site.kind, file.camera.frame.width) == ("station", 2560)


def test_a_zone_without_a_kind_is_written_as_before_there_were_any() -> None:
    """Acceptances hold the hash of a camera's zones."""
    corners = [[0, 0], [10, 0], [10, 10]]
    assert set(Zone.model_validate({"id": "a", "polygon_px": corners}).model_dump()) == {"id", "polygon_px", "exclude"}
    assert (
        Zone.model_validate({"id": "a", "polygon_px": corners, "kind": "gate_out"}).model_dump()["kind"] == "gate_out"
    )


@pytest.mark.parametrize("fault", ["dark", "covered"])
def test_a_fault_takes_the_picture_away_for_its_time_only(fault: str) -> None:
    renderer = Renderer(parse_url(f"{URL}&fault={fault}&fault_from_s=1&fault_to_s=2"))
    spread = [int(renderer.frame(index)[0].max()) for index in range(6)]
    assert all(most <= FAULT_GREY[fault] + 40 for most in spread[2:4])
    assert all(most > 150 for most in spread[:2] + spread[4:])


@pytest.mark.parametrize("fault", ["dark", "covered"])
def test_a_fault_is_told_for_all_of_its_time(fault: str) -> None:
    """Through the picture watch; a visit that was missed meanwhile is no sign of absence."""
    url = "sim://station?fps=2&size=640x360&duration_s=90&seed=1021"
    settings = parse_url(f"{url}&fault={fault}&fault_from_s=30&fault_to_s=60")
    renderer, suspension, ledger = Renderer(settings), Suspension("gate"), CoverageLedger()
    for index in range(settings.frame_count):
        image, _, _ = renderer.frame(index)
        pts_us = pts_us_of(index, settings)
        moment = STARTS_AT + timedelta(microseconds=pts_us)
        ledger.observe(1_000_000_000 + pts_us, suspension.observe(Frame(index, pts_us, moment, image, FILE_CLOCK)))
    told = [one for one in ledger.take(1_090_000_000) if one.state != "up"]
    assert {one.state for one in told} == {fault}
    assert min(one.since_us for one in told) <= 1_030_000_000
    assert 1_060_000_000 <= max(one.until_us for one in told) <= 1_080_000_000


@pytest.mark.slow
def test_the_whole_walk_never_reads_a_wrong_plate_and_misses_no_clear_visit() -> None:
    watched = watch(f"sim://station?seed=1007&fps=4&duration_s={SECONDS}&density=1.3")
    score = Score()
    score.add(watched)
    assert score.wrong_plate == 0, score.details
    assert score.true >= 1
    assert score.found == score.true, score.details
    true = {line["plate"] for line in watched.truth}
    assert {visit.plate for visit in watched.visits if visit.plate} <= true
