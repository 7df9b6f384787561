"""Real footage: its own section, its own figures, k of n. The weights are those of `../shared/data/models`."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from tqdm import tqdm

from detector.vision.regions import region_of_interest
from detector.vision.weights import open_weights
from detector.worker import Walk
from models.camera_file import CameraFile, load_camera_file
from phatnguoi.bench.plan import Expected, Footage
from phatnguoi.bench.provenance import ROOT
from phatnguoi.bench.rates import Rate
from phatnguoi.errors import CommandError
from streams.counters import Counters
from streams.open import open_source

SHARED = ROOT.parent / "shared"
WEIGHTS = SHARED / "data" / "models" / "yolo11n_int8_openvino_model"
STAYS_S = 1.0
"""A vehicle followed for so long is one that could have been claimed wrongly."""
Line = dict[str, Any]


def run_real(footage: tuple[Footage, ...]) -> dict[str, Any]:
    """Walks every clip and scores it by its own truth.

    Raises:
        CommandError: the footage is not here.
    """
    if not WEIGHTS.exists():
        raise CommandError(f"section real: got no folder {WEIGHTS}, expected the shared footage and weights")
    clips, camera_s, false = [], 0.0, 0
    for one in tqdm(footage, desc="real", unit=" clips", disable=None):
        claims, tracks, length_s, sha256 = _walk(one)
        counts, wrong = score(one, claims, _truth(one))
        counts.append({"what": f"false claims, of tracks of {STAYS_S:g} s or more", "k": len(wrong), "n": tracks})
        clips.append({"clip": one.clip, "counts": [count | _interval(count) for count in counts], "false": wrong,
                      "length_s": round(length_s, 2), "weights_sha256": sha256})  # fmt: skip
        camera_s, false = camera_s + length_s, false + len(wrong)
    return {"clips": clips, "camera_hours": round(camera_s / 3600, 4), "false": false,
            "false_per_camera_hour": round(3600 * false / camera_s, 2) if camera_s else None}  # fmt: skip


def _interval(count: Line) -> Line:
    return {"wilson95": [round(bound, 4) for bound in Rate(min(count["k"], count["n"]), count["n"]).interval]}


def score(footage: Footage, claims: list[Line], truth: Line) -> tuple[list[Line], list[Line]]:
    """What was found of what was to be found, and the claims that are false."""
    counts: list[Line] = []
    rest = list(claims)
    if truth.get("red_light_crossings"):
        scored = _red_light_scorer().score(truth, claims)
        counts.append({"what": "red_light found", "k": len(scored["found"]), "n": scored["crossings"]})
        counts.append({"what": "red_light ambiguous", "k": scored["ambiguous"], "n": _of(claims, "red_light")})
        wrong = {(frame, x, y) for frame, x, y in scored["false"]}
        rest = [claim for claim in rest if claim["rule"] != "red_light" or _where(claim) in wrong]
    names: Counter[str] = Counter()
    for expected in footage.expected:
        mine = next((claim for claim in rest if _is_of(claim, expected)), None)
        if not expected.may:
            names[expected.what] += 1
            counts.append({"what": expected.what, "k": int(mine is not None), "n": 1})
        if mine is not None:
            rest.remove(mine)
    return counts, rest


def _of(claims: list[Line], rule: str) -> int:
    return sum(claim["rule"] == rule for claim in claims)


def _where(claim: Line) -> tuple[int, int, int]:
    x, y = claim["point_px"]
    return claim["frame_index"], round(x), round(y)


def _is_of(claim: Line, expected: Expected) -> bool:
    x, y = claim["point_px"]
    low, high = expected.frames
    x1, y1, x2, y2 = expected.box_px
    is_there = low <= claim["frame_index"] <= high and x1 <= x <= x2 and y1 <= y <= y2
    return claim["rule"] == expected.rule and is_there and claim["vehicle"] in (expected.vehicle or claim["vehicle"])


def _red_light_scorer() -> Any:
    spec = importlib.util.spec_from_file_location("red_light_scorer", SHARED / "score" / "red_light.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _truth(footage: Footage) -> Line:
    path = SHARED / "data" / footage.truth
    found: Line = json.loads(path.read_text(encoding="utf-8"))
    return found


def _camera(footage: Footage) -> CameraFile:
    """The camera file, with the settings that this measurement changes."""
    path = ROOT / "cameras" / footage.camera
    if not footage.settings:
        return load_camera_file(path)
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["source"] = str((path.parent / content["source"]).resolve())
    content["rules"] = [entry | footage.settings.get(entry["rule"], {}) for entry in content["rules"]]
    with tempfile.TemporaryDirectory(prefix="phatnguoi-bench-") as folder:
        changed = Path(folder) / path.name
        changed.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return load_camera_file(changed)


def _walk(footage: Footage) -> tuple[list[Line], int, float, str]:
    """Claims, tracks that stay, length of the clip, and the weights' hash."""
    file = _camera(footage)
    weights = open_weights(WEIGHTS, region_of_interest(file.camera).input_px, threads=1)
    assert file.camera.starts_at is not None
    camera = open_source(file.source(), starts_at=file.camera.starts_at, counters=Counters())
    shape = camera.shape()
    walk = Walk(file, weights.detector, is_recording=True, rate_hz=lambda: shape.rate_hz if shape else None)
    claims: list[Line] = []
    first_us: dict[int, int] = {}
    last_us: dict[int, int] = {}
    pts_us = 0
    for frame in camera.source.frames():
        claims += [_line(claimed.violation) for claimed in walk.step(frame)]
        walk.finished_phases()
        pts_us = frame.pts_us
        for track in walk.latest_scene.tracks if walk.latest_scene else ():
            if track.vehicle is not None:
                first_us.setdefault(track.track_id, pts_us)
                last_us[track.track_id] = pts_us
    stay = sum(last_us[key] - first_us[key] >= STAYS_S * 1_000_000 for key in last_us)
    return claims, stay, pts_us / 1_000_000, weights.sha256


def _line(violation: Any) -> Line:
    return {"rule": violation.rule, "vehicle": violation.vehicle, "frame_index": violation.frame_index,
            "point_px": [violation.point.x, violation.point.y], "act_code": violation.act_code}  # fmt: skip
