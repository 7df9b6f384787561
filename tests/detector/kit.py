"""Claims, clips and an office for the worker's tests."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from detector.evidence.claim import Claim
from detector.evidence.scene_lines import scene_lines
from models.domain.frame import FILE_CLOCK
from models.domain.geometry import BoxPx
from models.domain.manifest import SealedCamera, SealedSoftware
from models.domain.scene import Scene, SignalReading, Track
from models.domain.violation import Moment, MomentName, Violation, claim_id

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
CAMERA = SealedCamera(
    id="hn-ltk-hb",
    name="Lý Thường Kiệt – Hàng Bài",
    file_sha256="c" * 64,
    site_kind="police_device",
    address="Lý Thường Kiệt",
    agency="Đội CSGT số 1",
    timezone="Asia/Ho_Chi_Minh",
    frame_width_px=320,
    frame_height_px=240,
)
SOFTWARE = SealedSoftware(
    version="0.1.0",
    revision="unknown",
    rule_version=1,
    rule_settings={"line": "stop", "signal": "main"},
    weights_name="yolo11n",
    weights_sha256="d" * 64,
    packages={"av": av.__version__},
)
RATE_HZ = 10
INTERVAL_US = 1_000_000 // RATE_HZ


def write_video(
    path: Path, *, frames: int = 150, codec: str = "libx264", gop: int = 20, size: tuple[int, int] = (320, 240)
) -> None:
    """A recording in which a white square drives down a grey road, at `RATE_HZ`."""
    width, height = size
    noise = np.random.default_rng(1).integers(40, 90, (height, width, 3), dtype=np.uint8)
    with av.open(str(path), "w", format="mp4") as output:
        options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        stream = output.add_stream(codec, rate=RATE_HZ, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = width, height, "yuv420p", gop
        for index in range(frames):
            image = noise.copy()
            box = vehicle_box(index, frames, size)
            image[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)] = 240
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, RATE_HZ)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def vehicle_box(index: int, frames: int = 150, size: tuple[int, int] = (320, 240)) -> BoxPx:
    """Where the square of `write_video` is in a frame."""
    width, height = size
    y = 10 + (height - 70) * index // frames
    return BoxPx(width // 2 - 20, y, width // 2 + 20, y + 40)


def make_claim(act: int = 70, *, before: int = 60, beyond: int = 80, camera_id: str = "hn-ltk-hb") -> Claim:
    """A claim about the square of `write_video`; frames by their index."""
    names: Sequence[tuple[MomentName, int]] = (("before", before), ("at", act), ("beyond", beyond))
    moments = tuple(Moment(name, index, index * INTERVAL_US, vehicle_box(index)) for name, index in names)
    point = vehicle_box(act).ground_contact
    captured = START + timedelta(microseconds=act * INTERVAL_US)
    violation = Violation(
        rule="red_light",
        rule_version=1,
        act_code="RED_LIGHT",
        track_id=7,
        vehicle="motorcycle",
        frame_index=act,
        pts_us=act * INTERVAL_US,
        point=point,
        moments=(moments[0], moments[1], moments[2]),
        measurements={"time_into_red_us": 1_200_000, "uncertainty_us": 150_000},
        signal_id="main",
    )
    scenes = [_scene(index) for index in range(max(0, before - 5 * RATE_HZ), beyond + 1)]
    captured_at = [START + timedelta(microseconds=index * INTERVAL_US) for _, index in names]
    return Claim(
        id=claim_id(camera_id, "red_light", CAMERA.file_sha256, captured, point),
        mode="live",
        is_simulated=False,
        violation=violation,
        camera=CAMERA.model_copy(update={"id": camera_id}),
        software=SOFTWARE,
        connection=0,
        captured_at=captured,
        moments_captured_at=(captured_at[0], captured_at[1], captured_at[2]),
        completed_pts_us=beyond * INTERVAL_US,
        clock=FILE_CLOCK,
        signal=_reading(),
        scene=scene_lines(scenes),
    )


def other_claim(number: int) -> Claim:
    """A claim of its own id; its evidence is cut from the same clip."""
    claim = make_claim()
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return replace(claim, id="".join(random.Random(number).choices(letters, k=26)))


def _reading() -> SignalReading:
    return SignalReading("main", "red", 5_800_000, 5_800_000, 150_000, 3_000_000, "red")


def _scene(index: int) -> Scene:
    track = Track(7, "motorcycle", vehicle_box(index).quantised(), 0.812, is_seen=True, people=1)
    return Scene(index, index * INTERVAL_US, INTERVAL_US, (track,), {"main": _reading()})
