"""A simulated world as a clip, as a source, and as a camera file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from models.camera_file import load_camera_file
from streams.errors import SourceNotKnownError
from streams.open import open_source
from streams.simulated.camera import camera_of
from streams.simulated.camera_file import camera_file
from streams.simulated.clip import VideoForm, render_clip
from streams.simulated.layout import layout_of
from streams.simulated.phases import frames_of, phases_of
from streams.simulated.settings import WorldSettings

SHORT = WorldSettings(seed=1_010, fps=5.0, width_px=320, height_px=180, duration_s=5.0)


@pytest.mark.parametrize(
    ("form", "codec"), [(VideoForm(), "h264"), (VideoForm("h264", b_frames=2), "h264"), (VideoForm("h265"), "hevc")]
)
def test_a_clip_has_every_frame_and_a_key_frame_every_two_seconds(form: VideoForm, codec: str, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    assert render_clip(SHORT.url, clip, None, form) == 25
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == codec
        packets = [packet for packet in container.demux(stream) if packet.size]
        keys_s = [float(packet.pts * packet.time_base) for packet in packets if packet.is_keyframe]  # type: ignore[operator]
        assert len(packets) == 25
        assert max(np.diff([*keys_s, 5.0])) <= 2.0
    with av.open(str(clip)) as container:
        pictures = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    assert len(pictures) == 25 and pictures[0].shape == (180, 320, 3)


def test_the_same_world_gives_the_same_clip_and_truth(tmp_path: Path) -> None:
    for name in ("a", "b"):
        render_clip(replace(SHORT, duration_s=2.0), tmp_path / f"{name}.mp4", tmp_path / f"{name}.jsonl")
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_the_truth_names_each_violation_at_the_frame_where_the_rear_wheel_passes(tmp_path: Path) -> None:
    settings = WorldSettings(seed=1_017, fps=5.0, width_px=320, height_px=180, duration_s=75.0, violators=3.0)
    truth = tmp_path / "truth.jsonl"
    render_clip(settings, tmp_path / "clip.mp4", truth)
    lines = [json.loads(text) for text in truth.read_text(encoding="utf-8").splitlines()]
    frames = {line["frame_index"]: line for line in lines if line["kind"] == "frame"}
    assert len(frames) == lines[0]["frame_count"] == 375
    claims = [line for line in lines if line["kind"] == "violation" and line["rule"] == "red_light"]
    assert claims
    line_px = lines[0]["stop_line_px"]
    for claim in claims:
        at, before = frames[claim["frame_index"]], frames[claim["frame_index"] - 1]
        assert at["signal"] == "red" and at["into_red_s"] > 0.3
        assert _below_line(before, claim["track_id"], line_px) > -0.2
        assert _below_line(at, claim["track_id"], line_px) < 0.2


def _below_line(frame: dict[str, list[dict[str, object]]], track_id: int, line_px: list[list[float]]) -> float:
    """px by which the rear wheel lies below (before) the stop line."""
    mover = next(mover for mover in frame["movers"] if mover["track_id"] == track_id)
    x, y = mover["contact_px"]  # type: ignore[misc]
    (x1, y1), (x2, y2) = line_px
    return float(y - (y1 + (y2 - y1) * (x - x1) / (x2 - x1)))  # type: ignore[has-type]


def test_a_loop_ends_in_the_second_of_the_cycle_in_which_it_began() -> None:
    settings = replace(SHORT, is_loop=True, duration_s=30.0)
    phases = phases_of(settings)
    lasts_s = frames_of(settings) / settings.fps
    assert lasts_s >= 30.0
    assert phases.main(0.0) == "green" == phases.main(lasts_s)
    assert abs((lasts_s / phases.cycle_s) - round(lasts_s / phases.cycle_s)) * phases.cycle_s <= 1 / settings.fps


@pytest.mark.parametrize("seed", [3, 8, 1_000, 1_001, 1_002, 1_003])
@pytest.mark.parametrize("height_m", [None, 4.0, 9.0])
def test_the_camera_file_says_the_geometry_of_the_picture(seed: int, height_m: float | None, tmp_path: Path) -> None:
    settings = WorldSettings(seed=seed, camera_height_m=height_m)
    path = tmp_path / "camera.yaml"
    path.write_text(camera_file(settings), encoding="utf-8")
    camera = load_camera_file(path).camera
    true = camera_of(settings, layout_of(settings))
    assert camera.ground is not None
    for point_px, point_m in zip(camera.ground.points_px, camera.ground.points_m, strict=True):
        assert true.ground_at(*point_px) == pytest.approx(tuple(point_m), abs=0.02)
    stop = next(line for line in camera.lines if line.id == "stop")
    for point in stop.points_px:
        assert true.ground_at(*point)[1] == pytest.approx(0.0, abs=0.05)  # type: ignore[index]
    head = camera.signals[0].head_px
    assert head is not None and head[3] - head[1] > 30 and head[1] >= 0
    assert {rule.rule for rule in camera.rules} == {"red_light", "wrong_way"}


def test_the_source_gives_every_frame_and_its_packets() -> None:
    camera = open_source(replace(SHORT, duration_s=3.0).url)
    frames = list(camera.source.frames())
    assert [frame.index for frame in frames] == list(range(15))
    assert [frame.pts_us for frame in frames] == [200_000 * index for index in range(15)]
    assert (frames[-1].captured_at - frames[0].captured_at).total_seconds() == pytest.approx(2.8)
    assert camera.packets is not None and not camera.is_live
    window = camera.packets.window(0, 2_400_000, 2_800_000)
    assert window.packets[0].is_key and window.packets[0].pts_us <= 2_400_000 and window.short_because is None
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.extradata = window.facts.extradata
    packets = [_packet(packet.payload) for packet in window.packets]
    pictures = [picture for packet in packets for picture in decoder.decode(packet)]
    pictures += decoder.decode(None)
    assert len(pictures) == len(window.packets)
    shown = pictures[-1].to_ndarray(format="bgr24").astype(int)
    assert np.abs(shown - frames[-1].image.astype(int)).mean() < 12


def _packet(payload: bytes) -> av.Packet[Any]:
    """A packet with the padding behind it that decoders read."""
    made: av.Packet[Any] = av.Packet(len(payload))
    made.update(payload)
    return made


def test_closing_the_source_ends_it() -> None:
    camera = open_source(SHORT.url)
    count = 0
    for _ in camera.source.frames():
        count += 1
        camera.source.close()
    assert count == 1


def test_a_wrong_address_is_refused_in_one_line() -> None:
    with pytest.raises(SourceNotKnownError, match="expected one of"):
        open_source("sim://crossing?colour=red")
