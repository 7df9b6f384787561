"""`scene.jsonl`: what the rule saw, one line a scene, in whole numbers, so that a rule can be run on it again.

Coordinates are 1/16 px of the camera file's frame, times µs, confidences per mille. Keys of a line:

    frame, pts_us, interval_us, timing_ok
    captured_us (or null), captured_uncertainty_us
    tracks   [[track_id, vehicle or null, x1, y1, x2, y2, confidence, is_seen, people, is_priority, vehicle_share], …],
             followed by bare_heads and helmets where somebody looked
    signals  {id: [state, held_since_us, onset_us or null, uncertainty_us, amber_us or null, raw], …}
    people   [[x1, y1, x2, y2], …]
    ended    [track_id, …]
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, get_args

from detector.errors import SceneLinesError
from models.domain.geometry import PX_STEPS, BoxPx
from models.domain.scene import VEHICLE_CLASSES, Scene, SignalReading, SignalState, Track

LIMIT_BYTES = 4 * 1024 * 1024
"""Of one claim. What lies longest before the act is left out first, and the first line says how much."""
_PER_MILLE = 1000
_STATES = frozenset(get_args(SignalState))


def scene_line(scene: Scene) -> bytes:
    """One scene as one line: the same scene gives the same bytes."""
    content = {
        "frame": scene.frame_index,
        "pts_us": scene.pts_us,
        "interval_us": scene.interval_us,
        "timing_ok": scene.timing_ok,
        "captured_us": scene.captured_us,
        "captured_uncertainty_us": scene.captured_uncertainty_us,
        "tracks": [_track_row(track) for track in scene.tracks],
        "signals": {name: _signal_row(reading) for name, reading in sorted(scene.signals.items())},
        "people": [_box_row(box) for box in scene.people],
        "ended": list(scene.ended),
    }
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def scene_lines(scenes: Iterable[Scene]) -> bytes:
    """All scenes, oldest first, within `LIMIT_BYTES`."""
    return bounded([scene_line(scene) for scene in scenes])


def bounded(lines: list[bytes]) -> bytes:
    """The lines within `LIMIT_BYTES`: where they are more, the oldest are left out and a first line counts them."""
    note_bytes = 64
    size, kept = 0, 0
    for line in reversed(lines):
        size += len(line)
        if size > LIMIT_BYTES - note_bytes:
            break
        kept += 1
    left_out = len(lines) - kept
    note = [] if left_out == 0 else [b'{"scenes_left_out":%d}\n' % left_out]
    return b"".join(note + lines[left_out:])


def scenes_left_out(raw: bytes) -> int:
    """How many scenes were left out before the first, for want of room."""
    first, _, _ = raw.partition(b"\n")
    try:
        content = json.loads(first)
        return _whole(content["scenes_left_out"]) if "scenes_left_out" in content else 0
    except (ValueError, TypeError, RecursionError):
        return 0


def read_scene_lines(raw: bytes, limit_bytes: int | None = LIMIT_BYTES) -> list[Scene]:
    """The scenes of `scene_lines`, exactly, where boxes were quantised and confidences whole per mille.

    Raises:
        SceneLinesError: it is something else; the message names the line.
    """
    if limit_bytes is not None and len(raw) > limit_bytes:
        raise SceneLinesError(f"got {len(raw)} bytes, expected at most {limit_bytes}")
    scenes = []
    for number, line in enumerate(raw.splitlines(), start=1):
        try:
            content = json.loads(line)
            if number == 1 and "scenes_left_out" in content:
                continue
            scenes.append(_scene(content))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise SceneLinesError(f"line {number}: got no scene ({type(error).__name__}: {error})") from None
    return scenes


def _track_row(track: Track) -> list[Any]:
    confidence = round(track.confidence * _PER_MILLE)
    box = _box_row(track.box)
    vehicle_share = round(track.vehicle_share * _PER_MILLE)
    flags = [track.is_seen, track.people, track.is_priority]
    heads = [] if track.bare_heads is None or track.helmets is None else [track.bare_heads, track.helmets]
    return [track.track_id, track.vehicle, *box, confidence, *flags, vehicle_share, *heads]


def _signal_row(reading: SignalReading) -> list[Any]:
    return [
        reading.state,
        reading.held_since_us,
        reading.onset_us,
        reading.uncertainty_us,
        reading.amber_us,
        reading.raw,
    ]


def _box_row(box: BoxPx) -> list[int]:
    return [round(value * PX_STEPS) for value in (box.x1, box.y1, box.x2, box.y2)]


def _scene(content: dict[str, Any]) -> Scene:
    return Scene(
        frame_index=_whole(content["frame"]),
        pts_us=_whole(content["pts_us"]),
        interval_us=_whole(content["interval_us"]),
        tracks=tuple(_track(row) for row in content["tracks"]),
        signals={name: _signal(name, row) for name, row in content["signals"].items()},
        timing_ok=bool(content["timing_ok"]),
        people=tuple(_box(row) for row in content["people"]),
        ended=tuple(_whole(track_id) for track_id in content["ended"]),
        captured_us=None if content["captured_us"] is None else _whole(content["captured_us"]),
        captured_uncertainty_us=_whole(content["captured_uncertainty_us"]),
    )


def _track(row: list[Any]) -> Track:
    track_id, vehicle, x1, y1, x2, y2, confidence, is_seen, people, is_priority, *later = row
    if vehicle is not None and vehicle not in VEHICLE_CLASSES:
        raise ValueError(f"got the vehicle {vehicle!r}, expected one of {', '.join(VEHICLE_CLASSES)}")
    share = _whole(confidence) / _PER_MILLE
    box = _box([x1, y1, x2, y2])
    vehicle_share = _whole(later[0]) / _PER_MILLE if later else 1.0  # packages sealed before 23 November 2026 have none
    flags = bool(is_seen), _whole(people), bool(is_priority)
    bare_heads, helmets = (_whole(count) for count in later[1:3]) if len(later) > 1 else (None, None)
    return Track(_whole(track_id), vehicle, box, share, *flags, vehicle_share, bare_heads, helmets)


def _signal(name: str, row: list[Any]) -> SignalReading:
    state, held_since_us, onset_us, uncertainty_us, amber_us, raw = row
    if state not in _STATES or raw not in _STATES:
        raise ValueError(f"got the lamp states {state!r} and {raw!r}, expected some of {', '.join(sorted(_STATES))}")
    onset, amber = (None if value is None else _whole(value) for value in (onset_us, amber_us))
    return SignalReading(name, state, _whole(held_since_us), onset, _whole(uncertainty_us), amber, raw)


def _box(row: list[Any]) -> BoxPx:
    x1, y1, x2, y2 = (_whole(value) / PX_STEPS for value in row)
    return BoxPx(x1, y1, x2, y2)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"got {value!r}, expected a whole number")
    return value
