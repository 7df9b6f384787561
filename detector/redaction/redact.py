"""From a sealed package to its redacted pictures, clip and derived manifest, signed like the originals."""

from __future__ import annotations

import hashlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from detector.errors import RedactionFailedError, ReplayImpossibleError
from detector.evidence.package import PICTURES, digest_of
from detector.evidence.pictures import jpeg
from detector.redaction.pictures import redacted
from detector.redaction.sights import Sights
from detector.replay import Recorded, read_recorded
from models.domain.derived import DERIVED_ENVELOPE_NAME, DERIVED_NAME, DerivedFile, DerivedManifest
from models.domain.frame import BGR
from models.domain.manifest import Manifest
from models.verify.envelope import DERIVED_TYPE, sign_envelope
from models.verify.keys import SigningKey
from streams.errors import FileUnreadableError
from streams.redraw import Draw, redraw_clip

METHOD = "blocks-v1"
CPU_LIMIT_S = 60.0
"""Of one package."""
REDACTED_CLIP = "redacted_clip.mp4"
REDACTED_PICTURES = {name: f"redacted_{moment}.jpg" for moment, name in PICTURES.items()}


@dataclass(frozen=True, slots=True)
class Redaction:
    """What was made: `folder` holds `derived.json`, every file that it names, and its envelope if it is signed."""

    folder: Path
    manifest: Manifest
    derived: DerivedManifest
    names: tuple[str, ...]


def redact(package: Path, folder: Path, signer: SigningKey | None, cpu_limit_s: float = CPU_LIMIT_S) -> Redaction:
    """Makes the redacted files of a package in `folder`, anew.

    1. read what was sealed, and compare; 2. the three pictures; 3. the clip; 4. name each original; 5. sign.

    Raises:
        RedactionFailedError: `reason` says why it cannot be made.
        OSError: the disk says no.
    """
    recorded = _recorded(package)  # 1
    manifest = recorded.manifest
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sights = Sights(recorded.scenes, manifest.track_id)
    drawing = _Drawing(recorded, sights, time.process_time() + cpu_limit_s, cpu_limit_s)
    made = {REDACTED_PICTURES[file.name]: file.name for file in manifest.files if file.name in REDACTED_PICTURES}
    for name, original in made.items():  # 2
        moment = next(each for each in manifest.moments if PICTURES[each.name] == original)
        (folder / name).write_bytes(jpeg(drawing.draw(moment.pts_us, _picture(package / original))))
    if manifest.clip is not None:  # 3
        begins_us = manifest.occurred_at_us - _clock_us(manifest) - manifest.clip.starts_before_act_us
        _redraw(package, folder, lambda after_us, image: drawing.draw(begins_us + after_us, image))
        made[REDACTED_CLIP] = "clip.mp4"
    derived = _derived(manifest, package, folder, made)  # 4
    body = derived.canonical()
    (folder / DERIVED_NAME).write_bytes(body)
    names = (*made, DERIVED_NAME)
    if signer is not None:  # 5
        (folder / DERIVED_ENVELOPE_NAME).write_bytes(sign_envelope(signer, body, DERIVED_TYPE))
        names = (*names, DERIVED_ENVELOPE_NAME)
    return Redaction(folder, manifest, derived, names)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Draws pictures until the CPU time is used up."""

    recorded: Recorded
    sights: Sights
    until_s: float
    limit_s: float

    def draw(self, pts_us: int, image: BGR) -> BGR:
        if time.process_time() > self.until_s:
            raise RedactionFailedError("cpu_limit", f"got more than {self.limit_s:g} s of CPU time, expected less")
        manifest = self.recorded.manifest
        camera = self.recorded.camera.camera
        return redacted(image, self.sights.at(pts_us), camera, manifest.vehicle, rule=manifest.rule)


def _recorded(package: Path) -> Recorded:
    """The package, its originals compared with what was sealed."""
    try:
        recorded = read_recorded(package)
        for file in recorded.manifest.files:
            if file.name in REDACTED_PICTURES or file.name == "clip.mp4":
                got = digest_of(package / file.name)
                if got != file.sha256:
                    said = f"{file.name}: got {got[:16]}…, expected {file.sha256[:16]}…"
                    raise RedactionFailedError("package_damaged", said)
    except ReplayImpossibleError as error:
        raise RedactionFailedError("package_damaged", str(error)) from None
    except FileNotFoundError as error:
        raise RedactionFailedError("package_damaged", f"{Path(str(error.filename)).name}: no such file") from None
    return recorded


def _clock_us(manifest: Manifest) -> int:
    """Capture time less stream time; the same for the whole connection."""
    return manifest.moments[0].captured_at_us - manifest.moments[0].pts_us


def _picture(path: Path) -> BGR:
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), dtype=np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise RedactionFailedError("package_damaged", f"{path.name}: got no picture, expected one")
    return image.astype(np.uint8)


def _redraw(package: Path, folder: Path, draw: Draw) -> None:
    try:
        redraw_clip(package / "clip.mp4", folder / REDACTED_CLIP, draw)
    except FileUnreadableError as error:
        raise RedactionFailedError("clip_unreadable", str(error)) from None


def _derived(manifest: Manifest, package: Path, folder: Path, made: dict[str, str]) -> DerivedManifest:
    sealed = {file.name: file.sha256 for file in manifest.files}
    return DerivedManifest(
        id=manifest.id,
        manifest_sha256=hashlib.sha256((package / "manifest.json").read_bytes()).hexdigest(),
        files=tuple(
            DerivedFile(
                name=name,
                media_type="video/mp4" if name.endswith(".mp4") else "image/jpeg",
                sha256=digest_of(folder / name),
                length_bytes=(folder / name).stat().st_size,
                original=original,
                original_sha256=sealed[original],
                method=METHOD,
            )
            for name, original in sorted(made.items())
        ),
    )
