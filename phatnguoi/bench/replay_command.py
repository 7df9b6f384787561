"""`phatnguoi bench replay`: packages of the simulated crossing, made without pictures, and replayed."""

from __future__ import annotations

import argparse
import hashlib
import time
import zlib
from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from detector.claims import sealed_camera
from detector.errors import ReplayImpossibleError
from detector.evidence.claim import Claim
from detector.evidence.scene_lines import scene_lines
from detector.evidence.seal import manifest_of
from detector.replay import SCENE_NAME, read_recorded, replay
from detector.rulebook import Rulebook, as_listed
from detector.worker import SCENES_KEPT
from models.camera_file import CameraFile
from models.domain.frame import FILE_CLOCK
from models.domain.manifest import SealedFile, SealedSoftware
from models.domain.scene import Scene
from models.domain.violation import Violation, claim_id
from models.sealed_camera import SEALED_CAMERA_NAME, sealed_camera_json
from phatnguoi.bench.eyes import NoisyEyes
from phatnguoi.bench.noise import read_noise
from phatnguoi.bench.simulated import SimulatedWorld
from phatnguoi.bench.trajectories import captured_from_us, scenes

FIRST_SEED = 1000
"""Of the seeds for tests and the benchmark."""
WORLD = "sim://crossing?seed={seed}&fps=10&size=640x360&duration_s=60&violators=12&density=2&acts=all"
NO_WEIGHTS = "0" * 64
_START = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)


def run_replay(arguments: argparse.Namespace) -> int:
    """0: every package is equal; 1: one is not."""
    begin_s, equal, count = time.monotonic(), 0, 0
    rules: Counter[str] = Counter()
    for claim in _claims(arguments.packages):
        folder = _write(claim, arguments.out / claim.id)
        try:
            made = replay(read_recorded(folder))
            differences = made.differences()
        except ReplayImpossibleError as error:
            differences = [str(error)]
        count += 1
        equal += not differences
        rules[claim.violation.rule] += 1
        for line in differences:
            print(f"{claim.id} {claim.violation.rule}: {line}")
    told = ", ".join(f"{number} {rule}" for rule, number in rules.most_common())
    print(f"{equal} of {count} equal ({told}; {time.monotonic() - begin_s:.0f} s)")
    return 0 if equal == count else 1


def _claims(most: int) -> Iterator[Claim]:
    """Claims of one seed after another; the same vehicle's claim is counted once."""
    seen: set[str] = set()
    seed = FIRST_SEED
    while len(seen) < most:
        for claim in _of_world(SimulatedWorld(WORLD.format(seed=seed))):
            if claim.id not in seen and len(seen) < most:
                seen.add(claim.id)
                yield claim
        seed += 1


def _of_world(world: SimulatedWorld) -> Iterator[Claim]:
    frame = world.file.camera.frame
    eyes = NoisyEyes(
        read_noise(), zlib.crc32(world.name.encode()), (frame.width, frame.height), world.fps,
        captured_from_us(world.file),
    )  # fmt: skip
    book = Rulebook(world.file, is_recording=True)
    kept: deque[Scene] = deque(maxlen=SCENES_KEPT)
    for _, scene in scenes(world, eyes):
        kept.append(scene)
        for violation, _mode in book.observe(scene):
            yield _claim(world.file, book, violation, kept)


def _claim(file: CameraFile, book: Rulebook, violation: Violation, kept: deque[Scene]) -> Claim:
    starts_at = file.camera.starts_at or _START

    def captured(pts_us: int) -> datetime:
        return starts_at + timedelta(microseconds=pts_us)

    at_act = next((scene for scene in reversed(kept) if scene.frame_index == violation.frame_index), kept[-1])
    before, at, beyond = (captured(moment.pts_us) for moment in violation.moments)
    act = captured(violation.pts_us)
    settings = book.settings_of(violation.rule, violation.track_id)
    return Claim(
        id=claim_id(file.camera.id, violation.rule, file.sha256, act, violation.point),
        mode="warning",
        is_simulated=True,
        violation=as_listed(violation, file.camera, act),
        camera=sealed_camera(file),
        software=SealedSoftware(
            version="", revision="", rule_version=violation.rule_version, rule_settings=settings,
            weights_name="trajectories", weights_sha256=NO_WEIGHTS, packages={},
        ),
        connection=0,
        captured_at=act,
        moments_captured_at=(before, at, beyond),
        completed_pts_us=kept[-1].pts_us,
        clock=FILE_CLOCK,
        signal=at_act.signals.get(violation.signal_id or ""),
        scene=scene_lines(book.deciding_scenes(violation, kept)),
        camera_json=sealed_camera_json(file.camera, book.entry_of(violation)).decode(),
    )  # fmt: skip


def _write(claim: Claim, folder: Path) -> Path:
    """The files that decide, and a manifest that names them."""
    folder.mkdir(parents=True, exist_ok=True)
    bodies = {SCENE_NAME: claim.scene, SEALED_CAMERA_NAME: (claim.camera_json or "").encode()}
    for name, body in bodies.items():
        (folder / name).write_bytes(body)
    files = tuple(
        SealedFile(
            name=name, media_type="application/json", sha256=hashlib.sha256(body).hexdigest(), length_bytes=len(body)
        )
        for name, body in sorted(bodies.items())
    )
    (folder / "manifest.json").write_bytes(manifest_of(claim, files, None).canonical())
    return folder
