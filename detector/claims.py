"""From what the walk claimed to a `Claim` that outlives the process: camera, software, clock and scene added."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from detector.evidence.claim import Claim
from detector.evidence.scene_lines import scene_lines
from detector.vision.weights import Weights
from detector.worker import Claimed
from models.camera_file import CameraFile
from models.domain.acceptance import rule_basis_sha256
from models.domain.camera import Camera, RuleEntry
from models.domain.manifest import SealedCamera, SealedSoftware
from models.sealed_camera import sealed_camera_json

PACKAGES = ("av", "numpy", "opencv-python-headless", "openvino", "trackers")


def complete(claimed: Claimed, file: CameraFile, weights: Weights, rule_settings: dict[str, str]) -> Claim:
    """The claim with everything that its evidence is made from."""
    before, at, beyond = (claimed.captured(moment.pts_us) for moment in claimed.violation.moments)
    return Claim(
        id=claimed.id,
        mode="live" if claimed.mode == "live" else "warning",
        is_simulated=weights.is_simulated or file.camera.source.startswith("sim://"),
        violation=claimed.violation,
        camera=sealed_camera(file),
        software=sealed_software(weights, claimed.violation.rule_version, rule_settings, file.camera, claimed.entry),
        connection=claimed.frame.connection,
        captured_at=claimed.captured_at,
        moments_captured_at=(before, at, beyond),
        completed_pts_us=claimed.frame.pts_us,
        clock=claimed.frame.clock,
        signal=claimed.signal,
        scene=scene_lines(claimed.scenes),
        camera_json=sealed_camera_json(file.camera, claimed.entry).decode(),
    )


def sealed_camera(file: CameraFile) -> SealedCamera:
    """The camera as its file says, without the stream's address."""
    camera = file.camera
    return SealedCamera(
        id=camera.id,
        name=camera.name,
        file_sha256=file.sha256,
        site_kind=camera.site.kind,
        address=camera.site.address,
        agency=camera.site.agency,
        timezone=camera.timezone,
        frame_width_px=camera.frame.width,
        frame_height_px=camera.frame.height,
    )


def sealed_software(
    weights: Weights, rule_version: int, rule_settings: dict[str, str], camera: Camera, entry: RuleEntry
) -> SealedSoftware:
    """What ran: versions of what can change a detection, and the rule with its settings and its geometry."""
    return SealedSoftware(
        version=_version("phatnguoi"),
        revision="",
        rule_version=rule_version,
        rule_settings=rule_settings,
        weights_name=weights.name,
        weights_sha256=weights.sha256,
        packages={name: _version(name) for name in PACKAGES},
        rule_basis_sha256=rule_basis_sha256(camera, entry),
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
