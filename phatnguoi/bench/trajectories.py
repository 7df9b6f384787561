"""Tiers without pictures: truth and measured noise → scene → rulebook → judged claims."""

from __future__ import annotations

import zlib
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from detector.rulebook import Rulebook
from models.camera_file import CameraFile
from models.domain.scene import Scene
from models.domain.violation import Violation
from phatnguoi.bench.eyes import NoisyEyes
from phatnguoi.bench.noise import Noise
from phatnguoi.bench.passages import Passages
from phatnguoi.bench.scoring import Claim, Score, judge, mover_of
from phatnguoi.bench.tally import Tally, tally_of
from phatnguoi.bench.worlds import Instant, World

KEPT_INSTANTS = 4000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Clerk:
    """Keeps the truth of the last instants, so that a claim can be told whom it is about."""

    fps: float
    claims: list[Claim] = field(default_factory=list)
    _kept: deque[Instant] = field(default_factory=lambda: deque(maxlen=KEPT_INSTANTS))

    def see(self, instant: Instant) -> None:
        self._kept.append(instant)

    def note(self, violation: Violation, made_us: int) -> None:
        """Writes a claim down."""
        moment = next(
            (one for one in reversed(violation.moments) if one.frame_index == violation.frame_index),
            violation.moments[-1],
        )
        back = self._kept[-1].frame_index - moment.frame_index
        instant = self._kept[max(0, len(self._kept) - 1 - back)]
        boxes = ((mover.mover_id, mover.box) for mover in instant.movers if mover.box is not None)
        about = mover_of(moment.box, boxes)
        made_s, measured = made_us / 1e6, dict(violation.measurements)
        error = self._speed_error(violation, about)
        claim = Claim(violation.rule, about, violation.pts_us / 1e6, made_s, violation.act_code, measured, error)
        self.claims.append(claim)

    def _speed_error(self, violation: Violation, about: int | None) -> tuple[float, bool] | None:
        """Of a claim that states a speed, against the mean true speed from its first moment to its last."""
        stated, u95 = violation.measurements.get("speed_m_h"), violation.measurements.get("u95_m_h")
        if stated is None or u95 is None or about is None:
            return None
        first, last = violation.moments[0].frame_index, violation.moments[-1].frame_index
        during = [instant for instant in self._kept if first <= instant.frame_index <= last]
        speeds = [mover.speed_m_s for instant in during for mover in instant.movers if mover.mover_id == about]
        if not speeds:
            return None
        error_kmh = stated / 1000 - 3.6 * sum(speeds) / len(speeds)
        return error_kmh, abs(error_kmh) <= u95 / 1000


@dataclass(frozen=True, slots=True)
class Clip:
    """What one clip gave."""

    score: Score
    tally: Tally
    faults: Counter[str]
    length_s: float


def rules_of(file: CameraFile) -> list[str]:
    """The rules at work on a camera, each once."""
    return sorted({entry.rule for entry in file.camera.rules if entry.mode != "off"})


def captured_from_us(file: CameraFile) -> int | None:
    starts_at = file.camera.starts_at
    return None if starts_at is None else (starts_at - _EPOCH) // timedelta(microseconds=1)


def scenes(world: World, eyes: NoisyEyes) -> Iterator[tuple[Instant, Scene]]:
    for instant in world.instants():
        yield instant, eyes.look(instant)


def run_world(world: World, noise: Noise, condition: str) -> Clip:
    """One clip of a world through noisy eyes and the rules of its camera file."""
    camera = world.file.camera
    rulebook = Rulebook(world.file, is_recording=True)
    eyes = NoisyEyes(
        noise, zlib.crc32(world.name.encode()), (camera.frame.width, camera.frame.height), world.fps,
        captured_from_us(world.file),
    )  # fmt: skip
    clerk, passages = Clerk(world.fps), Passages(camera)
    for instant, scene in scenes(world, eyes):
        clerk.see(instant)
        passages.see(instant)
        for violation, _mode in rulebook.observe(scene):
            clerk.note(violation, scene.pts_us)
    acts, near_misses = world.acts()
    length_s = world.frame_count / world.fps
    score = judge(clerk.claims, acts, near_misses, length_s)
    tally = tally_of(score, rules_of(world.file), condition, passages.lawful(acts), length_s, world.name)
    return Clip(score, tally, eyes.faults, length_s)
