"""One well-formed manifest, of which the filled cases hold copies: what a case page reads, without a camera's work."""

from __future__ import annotations

from typing import Any

from models.domain.manifest import Manifest

TEMPLATE_ID = "a" * 26
_DIGEST = "0" * 64
_AT_US = 1_790_000_000_000_000
_BOX = (4000, 2000, 5200, 3600)


def manifest_text() -> str:
    """Canonical; its id is `TEMPLATE_ID`."""
    return Manifest.model_validate(_values()).canonical().decode()


def _values() -> dict[str, Any]:
    moments = [
        {
            "name": name,
            "frame_index": 6 * number,
            "pts_us": 400_000 * number,
            "captured_at_us": _AT_US + 400_000 * number,
            "box_px16": _BOX,
        }
        for number, name in enumerate(("before", "at", "beyond"))
    ]
    return {
        "id": TEMPLATE_ID,
        "rule": "red_light",
        "act_code": "RED_LIGHT",
        "is_simulated": True,
        "vehicle": "car",
        "track_id": 7,
        "frame_index": 6,
        "occurred_at_us": _AT_US + 400_000,
        "occurred_at_local": "2026-09-21T21:13:20.400+07:00",
        "point_px16": (4600, 3600),
        "measurements": {"time_into_red_us": 1_500_000, "uncertainty_us": 90_000},
        "camera": _camera(),
        "clock": {
            "source": "rtcp",
            "uncertainty_us": 20_000,
            "camera_offset_us": 0,
            "camera_offset_age_us": 0,
            "ntp_offset_us": None,
            "ntp_offset_age_us": None,
        },
        "signal": None,
        "moments": moments,
        "clip": None,
        "software": {
            "version": "0.1.0",
            "revision": "bench",
            "rule_version": 1,
            "rule_settings": {},
            "weights_name": "none",
            "weights_sha256": _DIGEST,
            "packages": {},
            "rule_basis_sha256": _DIGEST,
        },
        "files": [
            {"name": name, "media_type": "image/jpeg", "sha256": _DIGEST, "length_bytes": 1000}
            for name in ("a_before.jpg", "b_at.jpg", "c_beyond.jpg", "citizen.jpg", "clip.mp4", "vehicle.jpg")
        ],
        "plate": None,
    }


def _camera() -> dict[str, Any]:
    return {
        "id": "bench-00",
        "name": "Nút giao số 0",
        "file_sha256": _DIGEST,
        "site_kind": "police_device",
        "address": "Nút giao số 0",
        "agency": "Đội CSGT số 1",
        "timezone": "Asia/Ho_Chi_Minh",
        "frame_width_px": 640,
        "frame_height_px": 480,
    }
