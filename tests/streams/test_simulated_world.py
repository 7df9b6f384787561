"""The simulated world: what it says of itself is exactly what it shows."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import numpy as np
import pytest

from streams.simulated.errors import WorldSettingError
from streams.simulated.layout import JUNCTION_FROM_M
from streams.simulated.movers import Mover
from streams.simulated.plates import LONG_MM, MOTORCYCLE_MM, draw_plate, plate_picture
from streams.simulated.render import Renderer
from streams.simulated.settings import (
    DEMO_SEEDS,
    TEST_SEEDS,
    TRAINING_SEEDS,
    VALIDATION_SEEDS,
    WorldSettings,
    parse_url,
)
from streams.simulated.traffic import Traffic
from streams.simulated.truth import TruthKeeper, as_text

SMALL = WorldSettings(seed=1_004, fps=4.0, width_px=480, height_px=270, duration_s=5.0)
CODE = r"(?:1[124-9]|2\d|3\d|4[013789]|5\d|6\d|7\d|8[0-689]|9[02-57-9])"
CAR = re.compile(rf"^{CODE}[A-HK-NPS-VX-Z](?:\d{{5}}|\d{{4}})$")
MOTORCYCLE = re.compile(rf"^{CODE}[A-HK-NPS-VX-Z](?:[A-FHK-NPRS-VX-Z]|[1-9])(?:\d{{5}}|\d{{4}})$")


def _told(settings: WorldSettings) -> tuple[str, str]:
    """Hash of all pictures, and the whole truth as text."""
    renderer = Renderer(settings)
    keeper = TruthKeeper(renderer)
    digest, text = hashlib.sha256(), as_text(keeper.world())
    for index in range(settings.frame_count):
        image, drawn, lamp = renderer.frame(index)
        digest.update(image.tobytes())
        text += as_text(keeper.frame(index, drawn, lamp))
    return digest.hexdigest(), text + "".join(as_text(line) for line in keeper.acts())


def test_same_seed_same_pictures_and_same_truth() -> None:
    assert _told(SMALL) == _told(SMALL)


def test_other_seed_other_pictures() -> None:
    shorter = replace(SMALL, duration_s=0.25)
    assert _told(shorter)[0] != _told(replace(shorter, seed=1_005))[0]


def test_the_traffic_is_the_same_at_any_frame_rate() -> None:
    slow, fast = Traffic(replace(SMALL, fps=5)), Traffic(replace(SMALL, fps=30))
    for tenth in range(60):
        fast.advance_to(tenth / 10)
    slow.advance_to(5.9)
    assert [m.pose for m in slow.movers.values()] == [m.pose for m in fast.movers.values()]


def test_what_is_visible_lies_in_the_frame_and_in_the_whole_box() -> None:
    renderer = Renderer(SMALL)
    seen = 0
    for index in range(0, 20, 4):
        for one in renderer.frame(index)[1]:
            assert 0 <= one.visible <= 1
            if one.visible_px is None:
                continue
            seen += 1
            x1, y1, x2, y2 = one.visible_px
            assert 0 <= x1 < x2 <= SMALL.width_px and 0 <= y1 < y2 <= SMALL.height_px
            assert one.whole_px[0] - 2 <= x1 and x2 <= one.whole_px[2] + 2
            assert one.whole_px[1] - 2 <= y1 and y2 <= one.whole_px[3] + 2
    assert seen > 40


def test_the_box_holds_the_pixels_that_the_vehicle_changed() -> None:
    renderer = Renderer(replace(SMALL, weather="overcast"))
    image, drawn, lamp = renderer.frame(8)
    still = renderer.scenery.pictures[lamp].astype(int)
    changed = np.abs(image.astype(int) - still).max(axis=2) > 60
    explained = np.zeros_like(changed)
    for one in drawn:
        if one.visible_px is not None:
            x1, y1, x2, y2 = (round(value) for value in one.visible_px)
            explained[max(0, y1 - 2) : y2 + 2, max(0, x1 - 2) : x2 + 2] = True
    assert changed.sum() > 500
    assert (changed & ~explained).sum() < 0.03 * changed.sum()


@pytest.fixture(scope="module")
def large() -> Renderer:
    return Renderer(replace(SMALL, width_px=960, height_px=540))


@pytest.mark.parametrize("lamp", ["red", "amber", "green"])
def test_the_lamp_is_lit_in_its_colour_and_place(large: Renderer, lamp: str) -> None:
    renderer = large
    x1, y1, x2, y2 = (round(value) for value in renderer.scenery.head_px)
    head = renderer.scenery.pictures[lamp][y1:y2, x1:x2].astype(int)  # type: ignore[index]
    thirds = [part.max(axis=2).mean() for part in np.array_split(head, 3, axis=0)]
    assert int(np.argmax(thirds)) == ["red", "amber", "green"].index(lamp)
    blue, green, red = head.reshape(-1, 3)[head.max(axis=2).reshape(-1) > 200].mean(axis=0)
    assert (red > 1.5 * green) == (lamp == "red")
    assert (green > 1.3 * red) == (lamp == "green")
    assert blue < max(red, green)


def _past_line(seed: int, seconds: int, **more: float) -> Traffic:
    traffic = Traffic(WorldSettings(seed=seed, **more))  # type: ignore[arg-type]
    traffic.advance_to(seconds)
    return traffic


def test_a_world_without_violators_has_no_red_light_violation() -> None:
    for seed in (1_001, 1_002):
        traffic = _past_line(seed, 100, violators=0.0)
        assert len(traffic.crossings) > 15
        assert not [crossing for crossing in traffic.crossings if crossing.is_red_light]


def test_every_red_light_violation_crosses_while_the_lamp_is_red() -> None:
    found = 0
    for seed in (1_001, 1_002, 1_004):
        traffic = Traffic(WorldSettings(seed=seed, violators=4.0))
        fronts: dict[int, list[tuple[float, float, float]]] = {}
        for tick in range(20 * 90):
            traffic.advance_to(tick / 20)
            for mover in traffic.movers.values():
                fronts.setdefault(mover.mover_id, []).append((traffic.now_s, mover.front_m, mover.rear_wheel_m))
        for crossing in (one for one in traffic.crossings if one.is_red_light and one.at_s > 1):
            onset_s = crossing.at_s - crossing.into_red_s
            way = fronts[crossing.mover_id]
            assert all(traffic.phases.main(onset_s + part * crossing.into_red_s) == "red" for part in (0.01, 0.5, 1.0))
            assert all(front <= 0.6 for t_s, front, _ in way if t_s <= onset_s)
            assert all(rear < 0 for t_s, _, rear in way if t_s < crossing.at_s - 0.06)
            assert way[-1][2] > 0
            found += 1
    assert found >= 4


def test_nobody_drives_through_a_vehicle_ahead() -> None:
    traffic = Traffic(WorldSettings(seed=1_006, density=1.5))
    worst = 0
    for second in range(60):
        traffic.advance_to(second)
        ours = [m for m in traffic.movers.values() if m.stream == "ours" and not m.turns_right]
        worst = max(worst, sum(_overlap(a, b) for a in ours for b in ours if a.mover_id < b.mover_id))
    assert worst <= 1


def _overlap(a: Mover, b: Mover) -> bool:
    ax0, ax1, ay0, ay1 = a.extent()
    bx0, bx1, by0, by1 = b.extent()
    return min(ax1, bx1) - max(ax0, bx0) > 0.25 and min(ay1, by1) - max(ay0, by0) > 0.4 and ay0 < JUNCTION_FROM_M


def test_plates_follow_the_grammar() -> None:
    rng = np.random.default_rng(3)
    for _ in range(400):
        assert CAR.match(draw_plate(rng, "car", bool(rng.random() < 0.2)).normalised)
        assert MOTORCYCLE.match(draw_plate(rng, "motorcycle", bool(rng.random() < 0.2)).normalised)


def test_a_plate_is_drawn_in_its_colour_and_form() -> None:
    plate = draw_plate(np.random.default_rng(4), "motorcycle", is_state=True)
    picture = plate_picture(plate, MOTORCYCLE_MM)
    assert picture.shape == (140, 190, 3)
    blue, green, red = np.median(picture.reshape(-1, 3), axis=0)
    assert blue > green > red
    assert plate_picture(plate, LONG_MM).shape == (110, 520, 3)


def test_seeds_of_training_are_disjoint_from_all_others() -> None:
    ranges = [DEMO_SEEDS, TEST_SEEDS, TRAINING_SEEDS, VALIDATION_SEEDS]
    assert all(not set(a) & set(b) for k, a in enumerate(ranges) for b in ranges[k + 1 :])


def test_a_url_says_the_same_as_its_settings() -> None:
    settings = WorldSettings(seed=12, fps=7.5, width_px=640, height_px=360, weather="dusk", is_loop=True, density=2.0)
    assert parse_url(settings.url) == settings


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sim://moon?seed=1", "expected sim://crossing"),
        ("sim://crossing?sead=1", "expected one of"),
        ("sim://crossing?size=big", "expected WIDTHxHEIGHT"),
        ("sim://crossing?size=641x360", "expected even numbers"),
        ("sim://crossing?fps=ten", "expected a number"),
        ("sim://crossing?height_m=2", "expected 4..9"),
        ("sim://crossing?weather=snow", "expected one of day, overcast, dusk"),
    ],
)
def test_a_wrong_url_is_told_in_one_line(url: str, says: str) -> None:
    with pytest.raises(WorldSettingError, match=re.escape(says)) as caught:
        parse_url(url)
    assert "\n" not in str(caught.value)
