"""Packages without pictures, made by the thousand: scenes of a few numbers, the rulebook, a manifest."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from detector.evidence.claim import Claim
from detector.evidence.scene_lines import scene_lines
from detector.evidence.seal import manifest_of
from detector.replay import SCENE_NAME
from detector.rulebook import Rulebook, as_listed
from models.camera_file import CameraFile
from models.domain.camera import Camera
from models.domain.frame import FILE_CLOCK
from models.domain.geometry import BoxPx
from models.domain.manifest import SealedFile
from models.domain.scene import Scene, SignalReading, SignalState, Track
from models.domain.violation import Violation, claim_id
from models.sealed_camera import SEALED_CAMERA_NAME, sealed_camera_json
from tests.detector.kit import CAMERA as SEALED
from tests.detector.kit import SOFTWARE

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
INTERVAL_US = 100_000
CYCLE_US = 16_000_000
CONTENT = {
    "schema": 1,
    "id": "test-road",
    "name": "Đường thử",
    "source": "rtsp://user:secret@10.0.0.9/stream",
    "frame": {"width": 640, "height": 480},
    "ground": {
        "points_px": [[100.5, 470], [540, 471.25], [430.125, 120], [210, 121]],
        "points_m": [[0, 0], [9.3, 0.1], [9.1, 31], [0.2, 30.7]],
    },
    "signals": [{"id": "main", "head_px": [600, 10, 620, 60]}],
    "lines": [{"id": "stop", "points_px": [[100, 300], [500, 300]], "from_px": [300, 450]}],
    "lanes": [
        {
            "id": "ours",
            "polygon_px": [[100, 100], [500, 100], [500, 479], [100, 479]],
            "heading_px": [[300, 470], [300, 110]],
        }
    ],
    "rules": [
        {"rule": "red_light", "line": "stop", "signal": "main", "mode": "live"},
        {"rule": "wrong_way", "lane": "ours", "mode": "live"},
    ],
}


def camera_file(**changes: object) -> CameraFile:
    camera = Camera.model_validate(CONTENT | changes)
    return CameraFile(Path("test-road.yaml"), hashlib.sha256(repr(changes).encode()).hexdigest(), camera, {})


def traffic(seed: int, frames: int = 900, every: int = 25) -> Iterator[Scene]:
    """Vehicles of all speeds in both directions, some that wait at red, a lamp that goes round; always the same."""
    chance = random.Random(seed)
    born: list[tuple[int, float, float, float, int]] = []
    for frame in range(frames):
        if frame % every == 0:
            is_wrong = chance.random() < 0.3
            speed = chance.uniform(-22, -6) if not is_wrong else chance.uniform(6, 14)
            start = 470.0 if not is_wrong else 130.0
            born.append((frame, chance.uniform(150, 450), start, speed, chance.choice([0, 0, 0, 60, 130])))
        tracks = tuple(track for n, one in enumerate(born) if (track := _track(n + 1, one, frame, chance)) is not None)
        ended = tuple(n + 1 for n, one in enumerate(born) if _y(one, frame - 1) is not None and _y(one, frame) is None)
        now_us = frame * INTERVAL_US
        captured_us = round(START.timestamp() * 1e6) + now_us
        yield Scene(frame, now_us, INTERVAL_US, tracks, {"main": lamp(now_us)}, ended=ended, captured_us=captured_us)


def lamp(now_us: int) -> SignalReading:
    """6 s green, 2 s amber, 8 s red."""
    cycle_us, into_us = now_us - now_us % CYCLE_US, now_us % CYCLE_US
    phases: tuple[tuple[int, SignalState], ...] = ((8_000_000, "red"), (6_000_000, "amber"), (0, "green"))
    begin_us, state = next((begin, state) for begin, state in phases if into_us >= begin)
    return SignalReading("main", state, cycle_us + begin_us, cycle_us + begin_us, 50_000, 2_000_000, state)


def _y(one: tuple[int, float, float, float, int], frame: int) -> float | None:
    """Waits before the line for a while, then goes on."""
    begin, _, start, speed, wait = one
    age = frame - begin
    if age < 0:
        return None
    to_line = max(0, int((start - 320) / -speed)) if speed < 0 else 0
    driven = age if age < to_line else max(to_line, age - wait)
    y = start + speed * driven
    return y if 60 < y < 478 else None


def _track(track_id: int, one: tuple[int, float, float, float, int], frame: int, chance: random.Random) -> Track | None:
    y = _y(one, frame)
    if y is None or chance.random() < 0.04:
        return None
    x, height = one[1] + chance.uniform(-1.5, 1.5), 20 + y / 8
    box = BoxPx(x - height / 4, y - height + chance.uniform(-1, 1), x + height / 4, y + chance.uniform(-1, 1))
    return Track(track_id, "motorcycle", box.quantised(), round(chance.uniform(400, 950)) / 1000)


def claims(file: CameraFile, scenes: Iterable[Scene]) -> Iterator[Claim]:
    """What the rules of this camera claim of these scenes, as the worker would hand it to evidence."""
    book, kept = Rulebook(file, is_recording=True), []
    for scene in scenes:
        kept.append(scene)
        for violation, _ in book.observe(scene):
            yield claim_of(file, book, violation, kept)


def claim_of(file: CameraFile, book: Rulebook, violation: Violation, kept: list[Scene]) -> Claim:
    def captured(pts_us: int) -> datetime:
        return START + timedelta(microseconds=pts_us)

    listed = as_listed(violation, file.camera, captured(violation.pts_us))
    act = next(scene for scene in reversed(kept) if scene.frame_index == violation.frame_index)
    before, at, beyond = (captured(moment.pts_us) for moment in violation.moments)
    at_time = captured(violation.pts_us)
    return Claim(
        id=claim_id(file.camera.id, violation.rule, file.sha256, at_time, violation.point),
        mode="live",
        is_simulated=True,
        violation=listed,
        camera=SEALED.model_copy(update={"id": file.camera.id, "file_sha256": file.sha256}),
        software=SOFTWARE.model_copy(update={"rule_version": violation.rule_version}),
        connection=0,
        captured_at=at_time,
        moments_captured_at=(before, at, beyond),
        completed_pts_us=kept[-1].pts_us,
        clock=FILE_CLOCK,
        signal=act.signals.get(violation.signal_id or ""),
        scene=scene_lines(book.deciding_scenes(violation, kept)),
        camera_json=sealed_camera_json(file.camera, book.entry_of(violation)).decode(),
    )


def write_package(claim: Claim, folder: Path) -> Path:
    """The files that decide, with a manifest that names them; no pictures, no clip."""
    assert claim.camera_json is not None
    folder.mkdir(parents=True)
    bodies = {SCENE_NAME: claim.scene, SEALED_CAMERA_NAME: claim.camera_json.encode()}
    for name, body in bodies.items():
        (folder / name).write_bytes(body)
    (folder / "manifest.json").write_bytes(manifest_of(claim, files_of(bodies), None).canonical())
    return folder


def files_of(bodies: dict[str, bytes]) -> tuple[SealedFile, ...]:
    return tuple(
        SealedFile(name=name, media_type="application/json", sha256=hashlib.sha256(body).hexdigest(),
                   length_bytes=len(body))
        for name, body in sorted(bodies.items())
    )  # fmt: skip


def with_settings(file: CameraFile, **settings: object) -> CameraFile:
    """The same camera, its first rule with other settings."""
    first = file.camera.rules[0]
    entry = type(first).model_validate({**first.model_dump(), **settings})
    camera = file.camera.model_copy(update={"rules": (entry, *file.camera.rules[1:])})
    return replace(file, camera=camera)
