"""Tier with pictures: rendered clips through the whole walk, detector, tracker, lamp reader and rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import NamedTuple

from detector.vision.regions import region_of_interest
from detector.vision.vehicles import VehicleDetector
from detector.vision.weights import Weights, open_weights
from detector.worker import Walk
from models.domain.frame import FILE_CLOCK, Frame
from models.domain.scene import Scene
from models.domain.violation import Violation
from phatnguoi.bench.passages import Passages
from phatnguoi.bench.provenance import SIM_WEIGHTS
from phatnguoi.bench.scoring import Act, NearMiss, judge
from phatnguoi.bench.simulated import camera_file_of
from phatnguoi.bench.tally import Tally, tally_of
from phatnguoi.bench.trajectories import Clerk, rules_of
from phatnguoi.bench.worlds import Instant, acts_of, instant_of
from streams.simulated.phases import frames_of
from streams.simulated.render import Renderer
from streams.simulated.settings import parse_url
from streams.simulated.source import STARTS_AT, pts_us_of
from streams.simulated.truths import Truth, truth_of


class Walked(NamedTuple):
    """One frame of a rendered clip: what is true, what the walk saw, and what it claimed."""

    truth: Instant
    scene: Scene
    claims: list[Violation]


class RenderedClip:
    """A drawn world, walked through frame by frame. Pictures go straight to the walk: no codec lies between."""

    def __init__(self, url: str, detector: VehicleDetector) -> None:
        self.settings = parse_url(url)
        self.file = camera_file_of(self.settings)
        self.frame_count, self.fps = frames_of(self.settings), self.settings.fps
        self._detector = detector
        self._keeper: Truth | None = None

    @property
    def length_s(self) -> float:
        return self.frame_count / self.fps

    def walk(self) -> Iterator[Walked]:
        renderer = Renderer(self.settings)
        keeper = self._keeper = truth_of(renderer)
        walk = Walk(self.file, self._detector, is_recording=True, rate_hz=lambda: self.fps)
        heads = [head.id for head in self.file.camera.signals]
        starts_at = self.file.camera.starts_at or STARTS_AT
        for index in range(self.frame_count):
            image, drawn, lamp = renderer.frame(index)
            pts_us = pts_us_of(index, self.settings)
            frame = Frame(index, pts_us, starts_at + timedelta(microseconds=pts_us), image, FILE_CLOCK)
            claims = [claimed.violation for claimed in walk.step(frame)]
            walk.finished_phases()
            scene = walk.latest_scene
            assert scene is not None
            yield Walked(instant_of(keeper.frame(index, drawn, lamp), heads), scene, claims)

    def acts(self) -> tuple[list[Act], list[NearMiss]]:
        assert self._keeper is not None
        return acts_of(self._keeper.acts(), self.fps)


def run_video(url: str, detector: VehicleDetector, condition: str) -> Tally:
    """The counts of one rendered clip."""
    clip = RenderedClip(url, detector)
    clerk, passages = Clerk(clip.fps), Passages(clip.file.camera)
    for one in clip.walk():
        clerk.see(one.truth)
        passages.see(one.truth)
        for violation in one.claims:
            clerk.note(violation, one.scene.pts_us)
    acts, near_misses = clip.acts()
    score = judge(clerk.claims, acts, near_misses, clip.length_s)
    lawful = passages.lawful(acts)
    return tally_of(score, rules_of(clip.file), condition, lawful, clip.length_s, clip.settings.url)


def shipped_detector(url: str) -> VehicleDetector:
    """The weights that the project ships, opened for the pictures of this world's camera."""
    input_px = region_of_interest(camera_file_of(parse_url(url)).camera).input_px
    return _opened(input_px).detector


@cache
def _opened(input_px: tuple[int, int]) -> Weights:
    return open_weights(SIM_WEIGHTS, input_px, threads=1)
