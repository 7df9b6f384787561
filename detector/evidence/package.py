"""From a claim and the camera's packets to a sealed folder: pictures, vehicle, clip, scene, manifest."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from av.error import FFmpegError
from pydantic import ValidationError

from detector.errors import (
    PackageDamagedError,
    PackageNotReadyError,
    PackageRefusedError,
    ReplayImpossibleError,
    SceneLinesError,
)
from detector.evidence.claim import Claim, time_us
from detector.evidence.pictures import crop, hidden_but, is_cut_off, jpeg, scaled_box
from detector.evidence.scene_lines import read_scene_lines
from detector.evidence.seal import Sealing, seal
from detector.replay import Recorded, replay
from models.camera_file import CameraFileError
from models.domain.frame import BGR
from models.domain.manifest import ENVELOPE_NAME, MANIFEST_NAME, Manifest, SealedFile, SealedPlate
from models.domain.violation import Moment, MomentName
from models.sealed_camera import SEALED_CAMERA_NAME, read_sealed_camera
from models.verify.envelope import MANIFEST_TYPE, open_envelope, sign_envelope
from models.verify.errors import VerificationError
from models.verify.keys import SigningKey
from streams.cut import decode_at, needs_view_copy, write_clip, write_view_copy
from streams.errors import PacketsGoneError
from streams.packets import PacketStore, PacketWindow

PICTURES: dict[MomentName, str] = {"before": "a_before.jpg", "at": "b_at.jpg", "beyond": "c_beyond.jpg"}
MEDIA_TYPES = {"jpg": "image/jpeg", "mp4": "video/mp4", "jsonl": "application/jsonl", "json": "application/json"}
SAME_TIME_US = 1_000_000
"""A packet whose capture time lies further from the claim's is of another recording: nothing is made of it."""
_MAY_STILL_COME = frozenset({"not_yet_received", "worker_stopped"})
"""Another process's ring cannot tell a worker that has stopped from one whose next packet is under way."""
_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES})


@dataclass(frozen=True, slots=True)
class Package:
    """A finished package. `folder` holds `manifest.json`, every file that it names and, if signed, its envelope."""

    folder: Path
    manifest: Manifest
    manifest_sha256: str
    envelope_sha256: str | None = None


def make_package(
    claim: Claim,
    packets: PacketStore,
    folder: Path,
    *,
    may_wait: bool = False,
    signer: SigningKey | None = None,
    read_plate: Callable[[Claim, PacketWindow], SealedPlate] | None = None,
) -> Package:
    """Makes the package of a claim in `folder`, which appears whole or not at all.

    1. cut the clip's window; 2. decode the three pictures from it, or from windows of their own; 3. write everything
    into `<folder>.partial`; 4. seal and sign; 5. rename. A package that is there already gives way.

    Args:
        claim: the claim.
        packets: the ring or the file that it was seen in.
        folder: where to; its parent is made.
        may_wait: the packets after the act may still come: raise instead of making a shorter clip.
        signer: the worker's key; None: the package is not signed.
        read_plate: reads the accused vehicle's plate from the clip's frames; None: no plate is read.

    Raises:
        PackageRefusedError: never possible: a picture is gone, or the packets are another recording's.
        PackageNotReadyError: only with `may_wait`.
        OSError: the disk says no; nothing is half written, try again.
    """
    window = _clip_window(claim, packets, may_wait)  # 1
    images = _pictures(claim, packets, window)  # 2
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        _write_pictures(claim, images, partial)  # 3
        _write_clips(window, partial)
        _write(partial / "scene.jsonl", claim.scene)
        if claim.camera_json is not None:
            _write(partial / SEALED_CAMERA_NAME, claim.camera_json.encode())
        plate = None if read_plate is None else read_plate(claim, window)
        body = seal(claim, Sealing(window, sealed_files(claim, partial), plate))  # 4
        check_decision(claim, body)
        _write(partial / MANIFEST_NAME, body)
        envelope_sha256 = None if signer is None else _sign(partial, body, signer)
        _sync(partial)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)  # 5
        _sync(folder.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Package(folder, Manifest.model_validate_json(body), hashlib.sha256(body).hexdigest(), envelope_sha256)


def check_decision(claim: Claim, manifest: bytes) -> None:
    """A decision that does not follow from its own evidence is never sealed.

    Raises:
        PackageRefusedError: the stored scene, shown to the rule, gives another decision than the claim.
    """
    if claim.camera_json is None:
        return
    try:
        camera = read_sealed_camera(claim.camera_json.encode(), claim.camera.file_sha256)
        recorded = Recorded(Manifest.model_validate_json(manifest), camera, tuple(read_scene_lines(claim.scene)))
        made = replay(recorded)
    except (ReplayImpossibleError, CameraFileError, SceneLinesError) as error:
        raise PackageRefusedError("not_reproducible", str(error)) from None
    if not made.is_equal:
        raise PackageRefusedError("not_reproducible", "; ".join(made.differences()))


def load_package(folder: Path, signer: SigningKey | None = None) -> Package:
    """A finished package, its files compared with its manifest. Where its envelope is damaged or of an older key, it is
    signed anew: a change of keys loses no claim.

    Raises:
        PackageDamagedError: it is not what it says.
    """
    try:
        body = (folder / MANIFEST_NAME).read_bytes()
        manifest = Manifest.model_validate_json(body)
        for file in manifest.files:
            length_bytes, sha256 = (folder / file.name).stat().st_size, digest_of(folder / file.name)
            if (length_bytes, sha256) != (file.length_bytes, file.sha256):
                raise PackageDamagedError(
                    f"{file.name}: got {length_bytes} bytes {sha256[:16]}…, "
                    f"expected {file.length_bytes} bytes {file.sha256[:16]}…"
                )
        envelope_sha256 = None if signer is None else _signed(folder, body, signer)
    except (OSError, ValidationError) as error:
        raise PackageDamagedError(f"{folder.name}: got no whole package ({type(error).__name__})") from None
    return Package(folder, manifest, hashlib.sha256(body).hexdigest(), envelope_sha256)


def _sign(folder: Path, body: bytes, signer: SigningKey) -> str:
    """Writes the envelope; its SHA-256."""
    envelope = sign_envelope(signer, body, MANIFEST_TYPE)
    _write(folder / ENVELOPE_NAME, envelope)
    return hashlib.sha256(envelope).hexdigest()


def _signed(folder: Path, body: bytes, signer: SigningKey) -> str:
    """The SHA-256 of the envelope, which is made anew where it does not hold."""
    try:
        envelope = (folder / ENVELOPE_NAME).read_bytes()
        if open_envelope(ENVELOPE_NAME, envelope, MANIFEST_TYPE).payload(signer.public) == body:
            return hashlib.sha256(envelope).hexdigest()
    except (FileNotFoundError, VerificationError):
        pass
    return _sign(folder, body, signer)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sealed_files(claim: Claim, folder: Path) -> tuple[SealedFile, ...]:
    """Every file of the folder but the manifest, by name."""
    moment_of = {PICTURES[moment.name]: place for place, moment in enumerate(claim.violation.moments)}
    moment_of["citizen.jpg"] = 1
    files = []
    for path in sorted(folder.iterdir()):
        place = moment_of.get(path.name)
        files.append(
            SealedFile(
                name=path.name,
                media_type=MEDIA_TYPES[path.suffix.removeprefix(".")],
                sha256=digest_of(path),
                length_bytes=path.stat().st_size,
                frame_index=None if place is None else claim.violation.moments[place].frame_index,
                captured_at_us=None if place is None else time_us(claim.moments_captured_at[place]),
                is_copy_of="clip.mp4" if path.name == "clip_view.mp4" else None,
            )
        )
    return tuple(files)


def _clip_window(claim: Claim, packets: PacketStore, may_wait: bool) -> PacketWindow:
    try:
        window = packets.window(claim.connection, claim.clip_from_us, claim.clip_to_us)
    except PacketsGoneError as error:
        raise PackageRefusedError("packets_gone", str(error)) from None
    if may_wait and window.short_because in _MAY_STILL_COME:
        raise PackageNotReadyError(f"{claim.id}: got packets to {window.ends_us} µs, expected {claim.clip_to_us} µs")
    return window


def _pictures(claim: Claim, packets: PacketStore, window: PacketWindow) -> dict[MomentName, BGR]:
    wanted = {moment.pts_us for moment in claim.violation.moments}
    found = decode_at(window, wanted)
    images = {}
    for moment, captured_at in zip(claim.violation.moments, claim.moments_captured_at, strict=True):
        own = window
        if moment.pts_us not in found:
            own = _window_at(claim, packets, moment)
            found |= decode_at(own, {moment.pts_us})
        if moment.pts_us not in found:
            raise PackageRefusedError(
                "picture_missing", f"{moment.name}: got no frame at {moment.pts_us} µs that decodes"
            )
        _check_recording(own, moment, time_us(captured_at))
        images[moment.name] = found[moment.pts_us]
    return images


def _window_at(claim: Claim, packets: PacketStore, moment: Moment) -> PacketWindow:
    try:
        return packets.window(claim.connection, moment.pts_us, moment.pts_us)
    except PacketsGoneError as error:
        raise PackageRefusedError("picture_missing", f"{moment.name}: {error}") from None


def _check_recording(window: PacketWindow, moment: Moment, claimed_us: int) -> None:
    """A ring that was emptied counts its connections anew: the times tell whether these are the claim's packets."""
    kept_us = next(packet.captured_at_us for packet in window.packets if packet.pts_us == moment.pts_us)
    if abs(kept_us - claimed_us) > SAME_TIME_US:
        raise PackageRefusedError(
            "other_recording", f"{moment.name}: got a packet captured at {kept_us} µs, expected {claimed_us} µs"
        )


def _write_pictures(claim: Claim, images: dict[MomentName, BGR], folder: Path) -> None:
    size = claim.camera.frame_width_px, claim.camera.frame_height_px
    boxes = {moment.name: scaled_box(moment.box, images[moment.name], size) for moment in claim.violation.moments}
    for name, image in images.items():
        _write(folder / PICTURES[name], jpeg(image))
    best = max(boxes, key=lambda name: (not is_cut_off(images[name], boxes[name]), boxes[name].area))
    _write(folder / "vehicle.jpg", jpeg(crop(images[best], boxes[best])))
    _write(folder / "citizen.jpg", jpeg(hidden_but(images["at"], boxes["at"])))


def _write_clips(window: PacketWindow, folder: Path) -> None:
    try:
        write_clip(window, folder / "clip.mp4")
        if needs_view_copy(window.facts.codec):
            write_view_copy(folder / "clip.mp4", folder / "clip_view.mp4")
    except FFmpegError as error:
        if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
            raise
        raise PackageRefusedError("clip_not_writable", f"{window.facts.codec}: {error}") from None


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _sync(folder: Path) -> None:
    """Bytes and names reach the disk before anybody relies on them."""
    for path in [*folder.iterdir(), folder]:
        if path.is_dir() and path != folder:
            continue
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
