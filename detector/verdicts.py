"""From what was measured to what is able: first the camera, then each rule of its file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from detector.camera_look import Look, middle_px
from detector.geometry.homography import GroundUnusableError
from detector.rule import Site
from detector.suspension import CLOCK_LIMIT_US
from models.camera_file import CameraFile
from models.domain.camera import Line, RuleEntry, SignalHead
from models.domain.geometry import PointPx

State = Literal["able", "unsure", "not_able"]
LEAST_RATE_HZ = 5.0
"""Below it the instant of a crossing is too unsharp, and two-wheelers are lost between two frames."""
LONGEST_KEY_S = 10.0
"""A clip begins at a key frame: with rarer ones it begins long before it needs to, and a lost one costs much."""
READABLE_SHARE = 0.6
"""Of the frames in which a head is to be read: traffic may hide it for a while."""
LEAST_HEAD_PX = 12
SHORTEST_AMBER_S = 2.5
"""An amber measured below 3 s less its uncertainty: the junction is a person's to look at."""
LEGIBLE_CHARACTER_PX = 12
PLATE_M = {"one line (car)": (0.52, 0.080), "two lines (car)": (0.33, 0.080), "two lines (motorbike)": (0.19, 0.055)}
"""Width of the plate and height of its characters, metres; usual sizes, not taken from a standard."""
VEHICLE_WIDTH_M = {"car": 1.75, "motorcycle": 0.70}
CALIBRATION_LIMIT_M = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    what: str
    state: State
    because: str


def verdicts(file: CameraFile, look: Look) -> list[Verdict]:
    """All of them, the camera's first."""
    camera = [_stream(look), _frame_size(file, look), _key_frames(look), _clock(file, look), _picture(look)]
    lamps = {head.id: _lamp(head, look) for head in file.camera.signals}
    ground = _ground(file)
    found = [*camera, *lamps.values(), ground, *_plates(file, look), _vehicles(look)]
    problems = {each.what: each.because for each in camera if each.state == "not_able"}
    return found + [_rule(entry, problems, lamps, ground) for entry in file.camera.rules if entry.mode != "off"]


def _stream(look: Look) -> Verdict:
    shape = look.shape
    rate = 0.0 if look.rate_hz is None else look.rate_hz
    told = f"{shape.codec if shape else 'unknown codec'}, {look.size[0]}x{look.size[1]}, {rate:.1f} frames/s"
    told += f", {look.lost} passed over, {look.corrupt} damaged" if look.lost or look.corrupt else ""
    if rate < LEAST_RATE_HZ:
        return Verdict("stream", "not_able", f"{told}: expected {LEAST_RATE_HZ:g} or more frames/s")
    return Verdict("stream", "unsure" if look.corrupt > 0.01 * look.frames else "able", told)


def _frame_size(file: CameraFile, look: Look) -> Verdict:
    frame, (width, height) = file.camera.frame, look.size
    told = f"drawn on {frame.width}x{frame.height}, the stream is {width}x{height}"
    is_same_shape = abs(frame.width * height - frame.height * width) <= 0.01 * frame.width * height
    return Verdict("frame", "able" if is_same_shape else "not_able", told if is_same_shape else f"{told}: other shape")


def _key_frames(look: Look) -> Verdict:
    if look.key_frame_s is None:
        return Verdict("key frames", "unsure", "no packets were kept: no clip could be cut")
    state: State = "able" if look.key_frame_s <= LONGEST_KEY_S else "unsure"
    return Verdict("key frames", state, f"at most {look.key_frame_s:.1f} s apart")


def _clock(file: CameraFile, look: Look) -> Verdict:
    clock = look.clock
    if clock is None or clock.settling:
        return Verdict("clock", "unsure", "has not settled: look longer")
    if not look.is_live and file.camera.starts_at is None:
        return Verdict("clock", "unsure", "a recording without starts_at: its times mean nothing")
    told = f"by {clock.source}, ± {clock.uncertainty_us / 1_000_000:.3f} s"
    if clock.camera_offset_us is not None:
        told += f", camera {clock.camera_offset_us / 1_000_000:+.3f} s from this machine"
    told += "" if clock.ntp_offset_us is None else f", this machine {clock.ntp_offset_us / 1_000_000:+.3f} s from NTP"
    is_good = clock.uncertainty_us <= CLOCK_LIMIT_US and abs(clock.ntp_offset_us or 0) <= CLOCK_LIMIT_US
    limit = f": expected {CLOCK_LIMIT_US / 1_000_000:g} s or less, every rule is suspended"
    return Verdict("clock", "able" if is_good else "not_able", told if is_good else told + limit)


def _picture(look: Look) -> Verdict:
    if look.ailments:
        return Verdict("picture", "not_able", ", ".join(look.ailments))
    return Verdict("picture", "able", "neither dark, covered, blurred, moved nor frozen while it was looked at")


def _lamp(head: SignalHead, look: Look) -> Verdict:
    what = f"signal {head.id}"
    if head.head_px is None:
        return Verdict(what, "not_able", f"feed {head.feed}: phases pushed by a controller are not built yet")
    width, height = head.head_px[2] - head.head_px[0], head.head_px[3] - head.head_px[1]
    seen = look.raw.get(head.id)
    count = 0 if seen is None else seen.total()
    if seen is None or count == 0:
        return Verdict(what, "unsure", "no frame was looked at")
    readable = sum(seen[state] for state in ("red", "amber", "green")) / count
    told = f"{width:.0f}x{height:.0f} px, readable in {readable:.0%} of {count} frames"
    if min(width, height) < LEAST_HEAD_PX or readable < READABLE_SHARE:
        return Verdict(what, "not_able", f"{told}, expected {READABLE_SHARE:.0%} of a head of {LEAST_HEAD_PX} px")
    states = {phase.state for phase in look.phases.get(head.id, [])}
    ambers_s = [phase.amber_us / 1_000_000 for phase in look.phases.get(head.id, []) if phase.amber_us is not None]
    told += f", amber {min(ambers_s):.1f}–{max(ambers_s):.1f} s" if ambers_s else ", no whole amber seen"
    if ambers_s and min(ambers_s) < SHORTEST_AMBER_S:
        return Verdict(what, "unsure", f"{told}: shorter than 3 s, have the junction looked at")
    missing = [state for state in ("red", "green") if state not in states]
    return Verdict(what, "unsure" if missing else "able", told + (f"; never {' or '.join(missing)}" if missing else ""))


def _ground(file: CameraFile) -> Verdict:
    if file.camera.ground is None:
        return Verdict("ground", "unsure", "no surveyed points: nothing in metres, no speeds")
    try:
        ground = Site(file.camera).ground
    except GroundUnusableError as error:
        return Verdict("ground", "not_able", str(error))
    assert ground is not None
    count = len(file.camera.ground.points_px)
    if count == 4:
        return Verdict("ground", "unsure", "four points fit any plane exactly: survey a fifth to know the error")
    told = f"{count} points, {ground.error_m:.2f} m root mean square"
    return Verdict("ground", "able" if ground.error_m <= CALIBRATION_LIMIT_M else "not_able", told)


def _plates(file: CameraFile, look: Look) -> Iterator[Verdict]:
    """Height of a plate's characters at each line, from the ground or from the vehicles seen."""
    for line in file.camera.lines:
        if line.from_px is None:
            continue
        px_a_m = _px_a_m(file, look, line)
        if px_a_m is None:
            yield Verdict(f"plates at {line.id}", "unsure", "no ground points, and no car or motorbike seen there")
            continue
        sizes = {name: (width * px_a_m, height * px_a_m) for name, (width, height) in PLATE_M.items()}
        told = "; ".join(f"{name} {width:.0f} px, characters {tall:.0f} px" for name, (width, tall) in sizes.items())
        is_legible = [tall >= LEGIBLE_CHARACTER_PX for _, tall in sizes.values()]
        yield Verdict(f"plates at {line.id}", "able" if all(is_legible) else "unsure", told)


def _px_a_m(file: CameraFile, look: Look, line: Line) -> float | None:
    scale = look.size[0] / file.camera.frame.width
    middle = middle_px(line.points_px)
    ground = Site(file.camera).ground
    if ground is not None:
        step = 10.0
        side_m = ground.distance_m(PointPx(middle.x - step, middle.y), PointPx(middle.x + step, middle.y))
        return 2 * step / side_m * scale if side_m > 0 else None
    near = 0.1 * file.camera.frame.height
    found = sorted(
        box.width / VEHICLE_WIDTH_M[vehicle]
        for vehicle in VEHICLE_WIDTH_M
        for box in look.boxes.get(vehicle, [])
        if abs(box.ground_contact.y - middle.y) < near
    )
    return found[len(found) // 2] * scale if found else None


def _vehicles(look: Look) -> Verdict:
    if not look.has_weights:
        return Verdict("vehicles", "unsure", "not looked for: give --weights")
    told = ", ".join(f"{name} {len(boxes)}" for name, boxes in sorted(look.boxes.items())) or "none"
    return Verdict("vehicles", "able" if look.boxes else "unsure", f"sightings: {told}")


def _rule(entry: RuleEntry, problems: dict[str, str], lamps: dict[str, Verdict], ground: Verdict) -> Verdict:
    """One rule: not able for the first thing that it cannot do without, unsure for the first that is not known."""
    what = f"rule {entry.rule} ({', '.join(_places(entry)) or 'whole picture'})"
    if problems:
        name, because = next(iter(problems.items()))
        return Verdict(what, "not_able", f"{name}: {because}")
    needed = [lamps[name] for name in _signals(entry) if name in lamps]
    needed += [ground] if entry.rule == "speeding" else []
    for state in ("not_able", "unsure"):
        for each in needed:
            if each.state == state:
                return Verdict(what, each.state, f"{each.what}: {each.because}")
    return Verdict(what, "able", "in warning mode until two persons accept it")


def _signals(entry: RuleEntry) -> list[str]:
    return [str(value) for key, value in entry.settings.items() if key.endswith("signal")]


def _places(entry: RuleEntry) -> list[str]:
    keys = ("line", "lane", "zone", "from", "to")
    return [str(entry.settings[key]) for key in keys if key in entry.settings]
