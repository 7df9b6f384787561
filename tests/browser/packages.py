"""Small sealed packages with real pictures and a real clip, encoded here: H.264, or H.265 with its viewing copy."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np

from models.domain.camera import Camera
from models.domain.frame import BGR
from models.domain.manifest import Manifest, SealedClip, SealedMoment, SealedSignal
from models.domain.store import object_key
from models.sealed_camera import sealed_camera_json
from models.verify.envelope import MANIFEST_TYPE, sign_envelope
from tests.api.kit import CAMERA, EPOCH, WORKER_SIGNER, Package, put, seal

RATE_FPS = 12
SECONDS = 9
ACT_FRAME = 60
RED_FRAME = 45
MOMENTS = {"before": 48, "at": ACT_FRAME, "beyond": 78}
STOP_LINE_Y_PX = 300
SIZE_PX = (640, 480)
ENCODER_OPTIONS = {
    "libx264": {"g": "12", "preset": "ultrafast"},
    "libx265": {"preset": "ultrafast", "x265-params": "keyint=12:log-level=none"},
}
_DARK, _WHITE, _PLATE = (58, 62, 64), (236, 238, 240), (250, 250, 250)


def box_at(frame: int) -> tuple[int, int, int, int]:
    """Where the vehicle of this small world is, xyxy in px: it drives up the picture."""
    y = int(470 - (frame - 20) * 4.2) if frame > 20 else 470
    scale = 0.55 + 0.45 * max(0, y) / 480
    half, height = int(46 * scale), int(84 * scale)
    return 330 - half, y - height, 330 + half, y


def draw(frame: int) -> BGR:
    """A road from above the stop line, a lamp head, and one car that does not stop."""
    width, height = SIZE_PX
    picture = np.full((height, width, 3), (124, 140, 128), np.uint8)
    cv2.fillPoly(picture, [np.array([[120, height], [250, 0], [410, 0], [560, height]], np.int32)], _DARK)
    cv2.line(picture, (172, STOP_LINE_Y_PX), (500, STOP_LINE_Y_PX), _WHITE, 7)
    for step in range(0, height, 46):
        cv2.line(picture, (336, step), (336, step + 22), (190, 196, 198), 2)
    _lamp(picture, frame)
    _car(picture, frame)
    cv2.putText(picture, f"{frame:04d}", (12, height - 14), cv2.FONT_HERSHEY_SIMPLEX, 0.6, _WHITE, 1, cv2.LINE_AA)
    return picture


def _lamp(picture: BGR, frame: int) -> None:
    cv2.rectangle(picture, (548, 60), (596, 188), (24, 26, 28), -1)
    is_red, is_amber = frame >= RED_FRAME, RED_FRAME - 30 <= frame < RED_FRAME
    colours = ((40, 40, 235) if is_red else (40, 40, 70), (30, 170, 245) if is_amber else (30, 60, 70))
    green = (40, 60, 40) if is_red or is_amber else (90, 210, 70)
    for index, colour in enumerate((*colours, green)):
        cv2.circle(picture, (572, 82 + 42 * index), 16, colour, -1, cv2.LINE_AA)


def _car(picture: BGR, frame: int) -> None:
    x1, y1, x2, y2 = box_at(frame)
    cv2.rectangle(picture, (x1 + 4, y1 + 6), (x2 + 8, y2 + 6), (38, 41, 43), -1)
    cv2.rectangle(picture, (x1, y1), (x2, y2), (176, 92, 42), -1)
    cv2.rectangle(picture, (x1 + 8, y1 + 12), (x2 - 8, y1 + (y2 - y1) // 2), (88, 62, 40), -1)
    px, py = (x1 + x2) // 2, y2 - 14
    cv2.rectangle(picture, (px - 26, py - 9), (px + 26, py + 9), _PLATE, -1)
    cv2.putText(picture, "75A12345", (px - 25, py + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.32, (20, 20, 20), 1, cv2.LINE_AA)


def encode(pictures: Sequence[BGR], codec: str) -> bytes:
    """An MP4 with its index in front, as the camera's own packets would be remuxed."""
    with tempfile.NamedTemporaryFile(suffix=".mp4") as target:  # a file: `faststart` reads it again
        _encode_into(target.name, pictures, codec)
        return Path(target.name).read_bytes()


def _encode_into(path: str, pictures: Sequence[BGR], codec: str) -> None:
    with av.open(path, "w", options={"movflags": "faststart"}) as container:
        options = {
            "libx264": {"g": "12", "preset": "ultrafast"},
            "libx265": {"x265-params": "keyint=12:log-level=none"},
        }
        stream = container.add_stream(codec, rate=RATE_FPS, options=options[codec])
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, 12_800)
        for picture in pictures:
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def jpeg(picture: BGR) -> bytes:
    ok, body = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 88])
    assert ok
    return body.tobytes()


def citizen_picture(picture: BGR, box: tuple[int, int, int, int]) -> BGR:
    """Everything outside the box pixelated."""
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (width // 24, height // 24), interpolation=cv2.INTER_AREA)
    hidden = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    x1, y1, x2, y2 = box
    hidden[y1:y2, x1:x2] = picture[y1:y2, x1:x2]
    return hidden.astype(np.uint8)


def camera_of(camera_id: str) -> bytes:
    """The sealed camera of this small world."""
    camera = Camera.model_validate(
        {
            "schema": 1,
            "id": camera_id,
            "name": "Lý Thường Kiệt – Hàng Bài",
            "source": "sealed",
            "frame": {"width": SIZE_PX[0], "height": SIZE_PX[1]},
            "signals": [{"id": "main", "head_px": [548, 60, 596, 188]}],
            "lines": [
                {"id": "stop", "points_px": [[172, STOP_LINE_Y_PX], [500, STOP_LINE_Y_PX]], "from_px": [330, 460]},
                {"id": "elsewhere", "points_px": [[10, 10], [60, 10]]},
            ],
            "lanes": [
                {
                    "id": "l1",
                    "polygon_px": [[120, 480], [250, 0], [330, 0], [336, 480]],
                    "heading_px": [[250, 440], [285, 120]],
                }
            ],
            "rules": [{"rule": "red_light", "line": "stop", "signal": "main", "lanes": ["l1"], "mode": "live"}],
        }
    )
    return sealed_camera_json(camera, camera.rules[0])


def scene_of(track_id: int) -> bytes:
    """Where the vehicle was in every second frame, as the worker writes it."""
    lines = []
    for frame in range(20, RATE_FPS * SECONDS, 2):
        box = [16 * side for side in box_at(frame)]
        row = [track_id, "car", *box, 900, True, 0, False, 1000]
        lines.append(json.dumps({"frame": frame, "pts_us": frame * 1_000_000 // RATE_FPS, "tracks": [row]}))
    return ("\n".join(lines) + "\n").encode()


@cache
def _seen(codec: str, draw_frame: Callable[[int], BGR]) -> dict[str, bytes]:
    """Pictures and clip; encoded once."""
    pictures = [draw_frame(frame) for frame in range(RATE_FPS * SECONDS)]
    x1, y1, x2, y2 = box_at(ACT_FRAME)
    contents = {
        "a_before.jpg": jpeg(pictures[MOMENTS["before"]]),
        "b_at.jpg": jpeg(pictures[ACT_FRAME]),
        "c_beyond.jpg": jpeg(pictures[MOMENTS["beyond"]]),
        "vehicle.jpg": jpeg(cv2.resize(pictures[ACT_FRAME][y1 - 6 : y2 + 6, x1 - 6 : x2 + 6], None, fx=4, fy=4)),
        "citizen.jpg": jpeg(citizen_picture(pictures[ACT_FRAME], (x1, y1, x2, y2))),
        "clip.mp4": encode(pictures, "libx265" if codec == "hevc" else "libx264"),
    }
    if codec == "hevc":
        contents["clip_view.mp4"] = encode(pictures, "libx264")
    return contents


def seal_seen(
    root: Path,
    occurred_at: datetime,
    *,
    codec: str = "h264",
    draw_frame: Callable[[int], BGR] = draw,
    **changes: object,
) -> Package:
    """A whole package whose pictures and clip can be looked at."""
    contents = _seen(codec, draw_frame) | {
        "scene.jsonl": scene_of(int(str(changes.get("track_id", 7)))),
        "camera.json": camera_of(str(changes.get("camera_id", CAMERA))),
    }
    plain = seal(root, occurred_at=occurred_at, pictures=contents, **changes)  # type: ignore[arg-type]
    return _with_manifest(plain, _filled(plain.manifest, occurred_at, codec), occurred_at)


def _filled(manifest: Manifest, occurred_at: datetime, codec: str) -> Manifest:
    act_us = (occurred_at - EPOCH) // timedelta(microseconds=1)

    def captured_us(frame: int) -> int:
        return act_us + (frame - ACT_FRAME) * 1_000_000 // RATE_FPS

    frames = RATE_FPS * SECONDS
    moments = tuple(
        SealedMoment(
            name=name,  # type: ignore[arg-type]
            frame_index=frame,
            pts_us=frame * 1_000_000 // RATE_FPS,
            captured_at_us=captured_us(frame),
            box_px16=tuple(16 * side for side in box_at(frame)),  # type: ignore[arg-type]
        )
        for name, frame in MOMENTS.items()
    )
    onset_us = RED_FRAME * 1_000_000 // RATE_FPS
    signal = SealedSignal(
        signal_id="main",
        state="red",
        held_since_us=onset_us,
        onset_us=onset_us,
        uncertainty_us=85_000,
        amber_us=2_500_000,
    )
    clip = SealedClip(
        codec=codec,
        first_frame_index=0,
        frame_count=frames,
        starts_before_act_us=ACT_FRAME * 1_000_000 // RATE_FPS,
        ends_after_act_us=(frames - ACT_FRAME) * 1_000_000 // RATE_FPS,
        times_us=tuple(captured_us(frame) for frame in range(frames)),
    )
    copies = tuple(
        file.model_copy(update={"is_copy_of": "clip.mp4" if file.name == "clip_view.mp4" else None})
        for file in manifest.files
    )
    return manifest.model_copy(update={"moments": moments, "signal": signal, "clip": clip, "files": copies})


def _with_manifest(plain: Package, manifest: Manifest, occurred_at: datetime) -> Package:
    body = manifest.canonical()
    own = {"manifest.json": body, "manifest_dsse.json": sign_envelope(WORKER_SIGNER, body, MANIFEST_TYPE)}
    day = f"{occurred_at:%Y-%m-%d}"
    stored = [
        put(plain.root, object_key(manifest.camera.id, day, manifest.id, "a2", name), text)
        for name, text in own.items()
    ]
    others = [each for each in plain.message.objects if each.name not in own]
    message = plain.message.model_copy(
        update={
            "objects": (*others, *stored),
            "manifest_sha256": hashlib.sha256(body).hexdigest(),
            "box_px16": manifest.moments[1].box_px16,
        }
    )
    return Package(message, manifest, plain.root)
