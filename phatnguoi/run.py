"""`phatnguoi run`: read one camera to its end (or until it is stopped), and write what its rules claim. No office."""

from __future__ import annotations

import argparse
import itertools
import json
import signal
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from detector.claims import complete
from detector.errors import PackageRefusedError
from detector.evidence.claim import Claim
from detector.evidence.package import Package, make_package
from detector.vision.helmets import HelmetReader, open_helmets
from detector.vision.phases import Phase
from detector.vision.regions import region_of_interest
from detector.vision.vehicles import WeightsUnusableError
from detector.vision.weights import Weights, open_weights
from detector.worker import Claimed, Walk
from models.camera_file import CameraFile, CameraFileError, load_camera_file
from models.domain.frame import Frame
from models.domain.manifest import SealedPlate
from models.verify.errors import KeyFileError
from models.verify.keys import SigningKey, read_key_file
from phatnguoi.errors import CommandError, SourceNotOpenedError
from phatnguoi.run_plates import RunPlates, run_plates
from phatnguoi.weights import chosen_weights
from streams.counters import Counters
from streams.errors import StreamError
from streams.open import NO_START, Camera, open_source
from streams.ring_settings import RingSettings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("camera", type=Path, metavar="CAMERA.yaml", help="the camera file")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write; made if absent")
    parser.add_argument("--source", metavar="FILE_OR_URL", help="read this instead of the camera file's source")
    parser.add_argument("--weights", type=Path, metavar="PATH", help="exported YOLO (folder, .xml, .onnx) or .pt")
    parser.add_argument(
        "--helmet-weights", type=Path, metavar="PATH", help="exported YOLO with the classes head and helmet; none: off"
    )
    parser.add_argument("--max-frames", type=int, metavar="N", help="stop after N frames")
    parser.add_argument("--plates", choices=("claimed", "all", "off"), default="claimed", help="which plates to read")
    parser.add_argument("--key", type=Path, metavar="FILE", help="sign each package (`phatnguoi keys new` makes a key)")
    parser.add_argument("--profile", action="store_true", help="print and keep milliseconds a frame for each step")


def run(arguments: argparse.Namespace) -> int:
    """Runs the walk over one source.

    Raises:
        CommandError: a bad camera file, weights or argument (2), a source that cannot be opened (3).
    """
    try:
        file = load_camera_file(arguments.camera)
        weights = open_weights(chosen_weights(arguments.weights), region_of_interest(file.camera).input_px)
        helmets = open_helmets(arguments.helmet_weights)
        _signer(arguments.key)
    except (CameraFileError, WeightsUnusableError, KeyFileError) as error:
        raise CommandError(str(error)) from None
    try:
        with tempfile.TemporaryDirectory(prefix="phatnguoi-ring-") as ring:
            camera = open_source(
                arguments.source or file.source(),
                starts_at=file.camera.starts_at or NO_START,
                ring=RingSettings(Path(ring)),
                counters=Counters(),
            )
            if not camera.is_live and file.camera.starts_at is None:
                print(f"{file.path}: no starts_at, times count from {NO_START.isoformat()}", file=sys.stderr)
            return _read(arguments, file, weights, camera, helmets)
    except CameraFileError as error:
        raise CommandError(str(error)) from None
    except StreamError as error:
        raise SourceNotOpenedError(str(error)) from None


def _signer(path: Path | None) -> SigningKey | None:
    return None if path is None else read_key_file(path)


FIRST_FRAME_S = 20.0


@dataclass(slots=True)
class _Result:
    """What one run writes; lines as they come, the rest at the end."""

    out: Path
    file: CameraFile
    claims: IO[str]
    signals: IO[str]
    plates: RunPlates
    signer: SigningKey | None = None
    packages_refused: dict[str, int] = field(default_factory=dict)
    made: int = 0
    waiting: deque[tuple[Claimed, Claim]] = field(default_factory=deque)

    def make_ready(self, camera: Camera, walk: Walk, *, is_over: bool = False) -> None:
        """Makes the packages whose clip has come whole, in the order of the claims; the rest wait."""
        while self.waiting:
            claimed, claim = self.waiting[0]
            if camera.packets is not None and camera.is_live and not is_over:
                reach = camera.packets.reach(claim.connection)
                if not reach.is_ended and (reach.newest_us or 0) <= claim.clip_to_us:
                    return
            with walk.profile.step("evidence"):
                self.write_claim(claimed, claim, camera)
            self.waiting.popleft()

    def finish(self, camera: Camera, walk: Walk) -> None:
        """The source is over: everything that still waits is made, the last phases are written."""
        self.make_ready(camera, walk, is_over=True)
        self.write_phases(walk.finished_phases())
        self.write_phases({name: [phase] for name, phase in walk.open_phases().items()})

    def write_phases(self, phases: dict[str, list[Phase]]) -> None:
        for name, ended in phases.items():
            for phase in ended:
                self.signals.write(json.dumps(_signal_line(name, phase)) + "\n")

    def write_claim(self, claimed: Claimed, claim: Claim, camera: Camera) -> None:
        package = self._make_package(claim, camera)
        sealed = None if package is None else package.manifest.plate
        self.plates.count("no_package" if package is None else "off" if sealed is None else sealed.unread_because)
        line = _claim_line(claimed, self.file, None if package is None else f"packages/{claim.id}", sealed)
        self.claims.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.claims.flush()
        self.made += 1

    def _make_package(self, claim: Claim, camera: Camera) -> Package | None:
        if camera.packets is None:
            self.packages_refused["nothing_kept"] = self.packages_refused.get("nothing_kept", 0) + 1
            return None
        try:
            folder, read_plate = self.out / "packages" / claim.id, self.plates.read_plate
            return make_package(claim, camera.packets, folder, signer=self.signer, read_plate=read_plate)
        except PackageRefusedError as error:
            self.packages_refused[error.reason] = self.packages_refused.get(error.reason, 0) + 1
            return None


def _read(
    arguments: argparse.Namespace, file: CameraFile, weights: Weights, camera: Camera, helmets: HelmetReader | None
) -> int:
    """Writes nothing before the first frame; what breaks later is told once all that was seen is written."""
    rate_hz = partial(_rate_hz, camera)
    walk = Walk(file, weights.detector, is_recording=not camera.is_live, rate_hz=rate_hz, helmets=helmets)
    frames = _limited(camera, arguments.max_frames, walk)
    first = next(frames, None)
    arguments.out.mkdir(parents=True, exist_ok=True)
    failure: StreamError | None = None
    with (
        (arguments.out / "violations.jsonl").open("w", encoding="utf-8") as claims,
        (arguments.out / "signals.jsonl").open("w", encoding="utf-8") as signals,
        run_plates(arguments.plates, arguments.out, file.camera.frame, is_live=camera.is_live) as plates,
        _stopped_by_signal(camera),
        tqdm(total=arguments.max_frames or _frame_count(camera), unit=" frames", disable=None) as bar,
    ):
        result = _Result(arguments.out, file, claims, signals, plates, _signer(arguments.key))
        try:
            for frame in itertools.chain([first] if first is not None else [], frames):
                _walk_frame(frame, walk, result, weights, camera)
                bar.update()
                bar.set_postfix(claims=result.made + len(result.waiting))
        except StreamError as error:
            failure = error
        result.finish(camera, walk)
    _write_counters(arguments.out, camera, walk, result)
    if arguments.profile:
        _write_profile(arguments, walk, weights)
    if failure is not None:
        raise failure
    return 0


def _walk_frame(frame: Frame, walk: Walk, result: _Result, weights: Weights, camera: Camera) -> None:
    claims = walk.step(frame)
    result.plates.observe(frame, walk.latest_scene)
    for claimed in claims:
        settings = walk.rulebook.settings_of(claimed.violation.rule, claimed.violation.track_id)
        result.waiting.append((claimed, complete(claimed, result.file, weights, settings)))
    result.write_phases(walk.finished_phases())
    result.make_ready(camera, walk)


class _FirstFrame:
    """Ends a live source that refuses us, or gives no frame in time: `run` is no worker that waits for days."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._came = threading.Event()
        self._why: str | None = None
        if camera.is_live:
            threading.Thread(target=self._watch, daemon=True, name="first-frame").start()

    def came(self) -> None:
        self._came.set()

    def check(self) -> None:
        """Raises:
        SourceNotOpenedError: no frame ever came.
        """
        if self._why is not None:
            raise SourceNotOpenedError(self._why)

    def _watch(self) -> None:
        until_s = time.monotonic() + FIRST_FRAME_S
        while not self._came.wait(0.1):
            is_refused = self._camera.pulse.reading().state == "refused"
            if is_refused or time.monotonic() > until_s:
                said = self._camera.pulse.reading().failure or "no answer"
                self._why = f"the camera gave no frame within {FIRST_FRAME_S:g} s: {said}"
                self._why = f"the camera refused: {said}" if is_refused else self._why
                self._camera.source.close()
                return


def _frame_count(camera: Camera) -> int | None:
    shape = camera.shape()
    return shape.frame_count if shape is not None else None


def _rate_hz(camera: Camera) -> float | None:
    shape = camera.shape()
    return shape.rate_hz if shape is not None else None


def _limited(camera: Camera, max_frames: int | None, walk: Walk) -> Iterator[Frame]:
    frames = camera.source.frames()
    guard = _FirstFrame(camera)
    while max_frames is None or walk.profile.frames < max_frames:
        with walk.profile.step("decode"):
            frame = next(frames, None)
        if frame is None:
            guard.check()
            return
        guard.came()
        yield frame
    camera.source.close()


@contextmanager
def _stopped_by_signal(camera: Camera) -> Iterator[None]:
    """SIGINT and SIGTERM close the source; what was claimed so far is written to its end."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda *_: camera.source.close())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _claim_line(claimed: Claimed, file: CameraFile, package: str | None, plate: SealedPlate | None) -> dict[str, Any]:
    violation = claimed.violation
    return {
        "id": claimed.id,
        "rule": violation.rule,
        "act_code": violation.act_code,
        "camera_id": file.camera.id,
        "track_id": violation.track_id,
        "vehicle": violation.vehicle,
        "frame_index": violation.frame_index,
        "occurred_at": file.camera.local(claimed.captured_at).isoformat(timespec="milliseconds"),
        "point_px": [violation.point.x, violation.point.y],
        "plate": None if plate is None else plate.text,
        "package": package,
    }


def _signal_line(name: str, phase: Phase) -> dict[str, Any]:
    return {
        "signal": name,
        "frame_from": phase.frame_from,
        "frame_to": phase.frame_to,
        "state": phase.state,
        "u_s": round(phase.uncertainty_us / 1_000_000, 6),
    }


def _write_counters(out: Path, camera: Camera, walk: Walk, result: _Result) -> None:
    counts = {
        "streams": camera.counters.as_dict(),
        "frames": {"walked": walk.profile.frames, "skipped": dict(sorted(walk.skipped.items()))},
        "claims": {"made": result.made, "passed_over": dict(sorted(walk.passed_over.items()))},
        "packages_refused": dict(sorted(result.packages_refused.items())),
        "plates": result.plates.as_dict(),
    }
    (out / "counters.json").write_text(json.dumps(counts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_profile(arguments: argparse.Namespace, walk: Walk, weights: Weights) -> None:
    profile = {
        "frames": walk.profile.frames,
        "ms_a_frame": walk.profile.ms_a_frame(),
        "weights": weights.name,
        "weights_sha256": weights.sha256,
        "input_px": list(weights.input_px),
    }
    (arguments.out / "profile.json").write_text(json.dumps(profile, indent=1) + "\n", encoding="utf-8")
    for name, spent_ms in walk.profile.ms_a_frame().items():
        print(f"{name:>10}  {spent_ms:8.3f} ms a frame")
