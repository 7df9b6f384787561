"""Night, rain, glare, shake, clock and damage change the picture and nothing that the truth says of the road."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from streams.simulated.clip import VideoForm, render_clip
from streams.simulated.effects import Effects
from streams.simulated.light import light_of
from streams.simulated.render import Renderer
from streams.simulated.settings import TRAINING_SEEDS, WEATHERS, WorldSettings
from streams.simulated.shapes import make_mesh

SMALL = WorldSettings(seed=1_004, fps=4.0, width_px=320, height_px=180, duration_s=2.5)


def _frame(settings: WorldSettings, index: int = 4) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return Renderer(settings).frame(index)[0]


@pytest.fixture(scope="module")
def day() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return _frame(SMALL)


@pytest.fixture(scope="module")
def by_day() -> list[tuple[object, ...]]:
    """Who is where in the same frame by day."""
    return [(one.mover.mover_id, one.whole_px, one.contact_px) for one in Renderer(SMALL).frame(4)[1]]


@pytest.mark.parametrize("weather", [weather for weather in WEATHERS if weather != "day"])
def test_each_weather_looks_different_and_moves_nobody(
    weather: str, day: np.ndarray, by_day: list[tuple[object, ...]]
) -> None:
    settings = replace(SMALL, weather=weather)  # type: ignore[arg-type]
    image, drawn, _ = Renderer(settings).frame(4)
    assert np.abs(image.astype(int) - day).mean() > 8
    assert [(one.mover.mover_id, one.whole_px, one.contact_px) for one in drawn] == by_day


def test_the_night_is_dark_and_rain_has_less_contrast(day: np.ndarray) -> None:
    night, rain = _frame(replace(SMALL, weather="night")), _frame(replace(SMALL, weather="rain"))
    assert night.mean() < 0.6 * day.mean()
    assert rain.std() < day.std()


def test_a_condition_is_the_same_every_time() -> None:
    settings = replace(SMALL, weather="rain", shake_px=3.0, has_clock=True)
    assert np.array_equal(_frame(settings), _frame(settings))


def test_a_shaken_camera_moves_the_boxes_with_the_picture() -> None:
    settings = replace(SMALL, shake_px=6.0)
    still, shaken = Renderer(SMALL).frame(4), Renderer(settings).frame(4)
    shift = np.array(Effects(settings, light_of(settings), None).shift_px(1.0))
    assert 0 < np.abs(shift).max() <= 6.0
    for a, b in zip(still[1], shaken[1], strict=True):
        assert np.allclose(np.array(b.whole_px) - a.whole_px, [*shift, *shift])
        assert np.allclose(np.array(b.contact_px) - a.contact_px, shift)
    whole = np.round(shift).astype(int)
    back = np.roll(shaken[0], (-whole[1], -whole[0]), axis=(0, 1))[20:-20, 20:-20].astype(int)
    assert np.abs(back - still[0][20:-20, 20:-20]).mean() < np.abs(shaken[0].astype(int) - still[0]).mean()


def test_the_clock_ticks_in_its_corner_only(day: np.ndarray) -> None:
    settings = replace(SMALL, has_clock=True)
    renderer = Renderer(settings)
    first, later = renderer.frame(4)[0], renderer.frame(8)[0]
    changed = np.abs(first.astype(int) - day).max(axis=2) > 0
    assert changed[:14, :150].any() and not changed[16:].any() and not changed[:, 170:].any()
    assert np.abs(first[:14, 90:150].astype(int) - later[:14, 90:150]).max() > 60


def test_training_shares_no_paint_with_any_other_picture() -> None:
    paints: list[set[tuple[float, ...]]] = []
    for seed in (TRAINING_SEEDS.start, 1_004):
        movers = [mover for mover, _ in Renderer(replace(SMALL, seed=seed)).moving.poses_at(0.0)]
        cars = [make_mesh(mover) for mover in movers if mover.kind in ("car", "bus", "truck")]
        paints.append({tuple(mesh.colours[0]) for mesh in cars})
    assert paints[0] and paints[1] and not paints[0] & paints[1]


def test_damage_flips_the_same_bytes_each_time_and_leaves_every_frame_in_its_place(tmp_path: Path) -> None:
    for name, damage in (("whole", 0.0), ("a", 0.4), ("b", 0.4)):
        render_clip(SMALL, tmp_path / f"{name}.mp4", None, VideoForm(damage=damage))
    damaged = (tmp_path / "a.mp4").read_bytes()
    assert damaged == (tmp_path / "b.mp4").read_bytes()
    assert damaged != (tmp_path / "whole.mp4").read_bytes()
    packets = [_packets(tmp_path / f"{name}.mp4") for name in ("whole", "a")]
    assert [size for size, _ in packets[0]] == [size for size, _ in packets[1]]
    assert packets[0][0] == packets[1][0] and packets[0] != packets[1]


def _packets(clip: Path) -> list[tuple[int, bytes]]:
    with av.open(str(clip)) as container:
        return [(packet.size, bytes(packet)) for packet in container.demux(video=0) if packet.size]


def test_a_low_bitrate_makes_a_small_and_poor_clip(tmp_path: Path) -> None:
    render_clip(SMALL, tmp_path / "poor.mp4", None, VideoForm(bitrate_kbps=40))
    render_clip(SMALL, tmp_path / "usual.mp4")
    assert (tmp_path / "poor.mp4").stat().st_size < 0.5 * (tmp_path / "usual.mp4").stat().st_size
