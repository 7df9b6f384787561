"""The crossing that the demo watches: drawn once, kept, with its truth and its camera file."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streams.simulated
from streams.simulated.camera_file import camera_file
from streams.simulated.clip import VideoForm, render_clip
from streams.simulated.settings import WorldSettings

WORLD = WorldSettings(seed=676, fps=15.0, duration_s=30.0, violators=4.0, is_loop=True)
FORM = VideoForm(codec="h264", key_every_s=2.0)
CLIP, TRUTH = "crossing.mp4", "truth.jsonl"


@dataclass(frozen=True, slots=True)
class Act:
    """A violation of the truth: who did what, in which frame of the clip."""

    rule: str
    frame_index: int
    track_id: int
    vehicle: str
    plate: str
    point_px: tuple[float, float]
    """Ground contact in that frame."""


@dataclass(frozen=True, slots=True)
class DemoClip:
    """A folder with `crossing.mp4` and `truth.jsonl`."""

    directory: Path

    @property
    def path(self) -> Path:
        return self.directory / CLIP

    def write_camera_file(self, path: Path, source: str) -> None:
        path.write_text(camera_file(WORLD, source=source, camera_id="sim-demo", mode="live"), encoding="utf-8")

    def acts(self) -> list[Act]:
        """What really happened in the clip, in order; only those of vehicles that carry a plate."""
        violations = [line for line in self._truth() if line["kind"] == "violation" and line["plate"]]
        return [
            Act(
                rule=line["rule"],
                frame_index=line["frame_index"],
                track_id=line["track_id"],
                vehicle=line["class"],
                plate=line["plate"],
                point_px=(line["point_px"][0], line["point_px"][1]),
            )
            for line in violations
        ]

    def _truth(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.directory / TRUTH).read_text(encoding="utf-8").splitlines()]


def draw_clip(cache: Path) -> DemoClip:
    """The clip, drawn now unless it was drawn before by the same code; tells what it does."""
    clip = DemoClip(cache / _fingerprint())
    if not clip.path.exists():
        clip.directory.mkdir(parents=True, exist_ok=True)
        print(f"drawing the simulated crossing once ({WORLD.frame_count} frames or more) …", flush=True)
        started_s = time.monotonic()
        frames = render_clip(WORLD, clip.path, clip.directory / TRUTH, FORM)
        print(f"drew {frames} frames in {time.monotonic() - started_s:.0f} s", flush=True)
    return clip


def _fingerprint() -> str:
    """Changes with the world's settings and with the code that draws it."""
    digest = hashlib.sha256(f"{WORLD.url} {FORM}".encode())
    for path in sorted(Path(streams.simulated.__path__[0]).glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
