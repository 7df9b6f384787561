"""A consumer of a live camera that tests can look at while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from models.domain.frame import Frame
from streams.open import Camera


class Watching:
    """Takes every frame a camera gives, in a thread of its own, until the block ends."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self.frames: list[Frame] = []
        self.taken_s: list[float] = []
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> Watching:
        self._running = self._pool.submit(self._run)
        return self

    def __exit__(self, *_: object) -> None:
        self.camera.source.close()
        self._running.exception(timeout=20)
        self._pool.shutdown()

    def _run(self) -> None:
        for frame in self.camera.source.frames():
            self.frames.append(frame)
            self.taken_s.append(time.monotonic())

    @property
    def failure(self) -> BaseException | None:
        return self._running.exception() if self._running.done() else None

    def until(self, is_reached: Callable[[], bool], within_s: float, what: str) -> float:
        """Waits, and gives the seconds it took."""
        begun_s = time.monotonic()
        while not is_reached():
            assert self.failure is None, self.failure
            passed_s = time.monotonic() - begun_s
            assert passed_s < within_s, f"no {what} within {within_s} s: {self.camera.counters.as_dict()}"
            time.sleep(0.02)
        return time.monotonic() - begun_s

    def until_frames(self, count: int, within_s: float = 15.0) -> float:
        return self.until(lambda: len(self.frames) >= count, within_s, f"{count} frames")

    def reconnects(self, reason: str) -> int:
        return self.camera.counters.count("reconnects", reason)
