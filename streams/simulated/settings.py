"""What a `sim://` URL says: `sim://crossing?seed=7&fps=15&size=960x540&duration_s=90&weather=day`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import parse_qsl, urlsplit

from streams.simulated.errors import WorldSettingError

WORLDS = ("crossing", "road", "station")
Weather = Literal["day", "overcast", "dusk", "night", "rain", "glare"]
WEATHERS: tuple[Weather, ...] = get_args(Weather)
LampState = Literal["ok", "dark", "flashing"]
LAMP_STATES: tuple[LampState, ...] = get_args(LampState)
Act = Literal[
    "red_light", "wrong_way", "stop_line", "forbidden_turn", "wrong_lane", "junction_blocking", "yield_pedestrian",
    "solid_line", "bus_lane", "u_turn", "prohibited_road", "sidewalk", "emergency_lane", "illegal_stopping",
    "illegal_parking", "coach_stop", "speeding",
]  # fmt: skip
"""What somebody can do wrong, by the code of the rule."""
ACTS: tuple[Act, ...] = (
    "red_light", "wrong_way", "stop_line", "forbidden_turn", "wrong_lane", "junction_blocking", "yield_pedestrian",
)  # fmt: skip
"""… at the crossing."""
USUAL_ACTS: tuple[Act, ...] = ("red_light", "wrong_way")
KERB_ACTS: tuple[Act, ...] = ("illegal_stopping", "illegal_parking", "coach_stop")
ROAD_ACTS: tuple[Act, ...] = (
    "wrong_way", "wrong_lane", "solid_line", "bus_lane", "u_turn", "prohibited_road", "sidewalk", "emergency_lane",
    *KERB_ACTS, "speeding",
)  # fmt: skip
"""… on the road."""
ACTS_OF: dict[str, tuple[Act, ...]] = {"crossing": ACTS, "road": ROAD_ACTS, "station": ()}
USUAL_ACTS_OF: dict[str, tuple[Act, ...]] = {"crossing": USUAL_ACTS, "road": ROAD_ACTS, "station": ()}
USUAL_SIZE_OF = {"crossing": (960, 540), "road": (960, 540), "station": (2560, 1440)}
"""At the station plates are to be read over three lanes."""
Street = Literal["two_way", "one_way"]
STREETS: tuple[Street, ...] = get_args(Street)
Fault = Literal["none", "dark", "covered"]
FAULTS: tuple[Fault, ...] = get_args(Fault)

TRAINING_SEEDS = range(100_000, 200_000)
"""Seeds whose pictures the weights were trained on. Nothing may be measured on them."""
VALIDATION_SEEDS = range(200_000, 210_000)
"""Seeds that chose the best epoch and gave the figures of the model card."""
TRAINING_PALETTE, OTHER_PALETTE = 0, 1
DEMO_SEEDS = range(1_000)
TEST_SEEDS = range(1_000, 10_000)

_SIZE = re.compile(r"^(\d{2,4})x(\d{2,4})$")


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """One world, seen by one camera.

    Attributes:
        world: which of the worlds.
        camera_height_m: of the pole, 4..9; None: drawn from the seed.
        camera_back_m: distance of the pole behind the stop line; None: drawn from the seed.
        zoom: 1.0 shows our carriageway and some of the rest at the stop line; larger looks closer.
        violators: how often somebody breaks a rule: 0 nobody, 1 the usual share, 2 twice that.
        density: vehicles per hour, relative to the usual.
        street: of the road; the crossing's is two_way.
        acts: which rules are broken here, and have their near-misses; by the rules' codes.
        lamp: "dark" and "flashing" (amber): the lamp governs nobody, and nobody can run it.
        right_on_red: a right turn on red is permitted.
        has_ambulances: ambulances on duty pass, red lamp or not.
        shake_px: how far the camera is shaken, px of the picture.
        has_clock: a ticking clock is burnt into the picture.
        is_loop: the clip begins and ends in the same second of the signal's cycle, in green, and lasts whole cycles
            (at least `duration_s`): played in a loop, the lamp never jumps.
        fault: what ails the camera from `fault_from_s` to `fault_to_s`: no light comes in, or something is over it.
    """

    world: str = "crossing"
    seed: int = 7
    fps: float = 15.0
    width_px: int = 960
    height_px: int = 540
    duration_s: float = 90.0
    weather: Weather = "day"
    camera_height_m: float | None = None
    camera_back_m: float | None = None
    zoom: float = 1.0
    violators: float = 1.0
    density: float = 1.0
    street: Street = "two_way"
    acts: tuple[Act, ...] = USUAL_ACTS
    lamp: LampState = "ok"
    right_on_red: bool = False
    has_ambulances: bool = False
    shake_px: float = 0.0
    has_clock: bool = False
    is_loop: bool = False
    fault: Fault = "none"
    fault_from_s: float = 0.0
    fault_to_s: float = 24 * 3600.0

    @property
    def palette(self) -> int:
        """Colours of what the weights were trained on are on no other picture."""
        return TRAINING_PALETTE if self.seed in TRAINING_SEEDS else OTHER_PALETTE

    @property
    def frame_count(self) -> int:
        return round(self.duration_s * self.fps)

    @property
    def url(self) -> str:
        """The URL that `parse_url` turns back into the same settings."""
        text = (
            f"sim://{self.world}?seed={self.seed}&fps={self.fps:g}&size={self.width_px}x{self.height_px}"
            f"&duration_s={self.duration_s:g}&weather={self.weather}"
        )
        for name, default in (("zoom", 1.0), ("violators", 1.0), ("density", 1.0)):
            if getattr(self, name) != default:
                text += f"&{name}={getattr(self, name):g}"
        if self.acts != USUAL_ACTS_OF[self.world]:
            text += "&acts=" + ("all" if self.acts == ACTS_OF[self.world] else "+".join(self.acts))
        if self.street != "two_way":
            text += f"&street={self.street}"
        if self.lamp != "ok":
            text += f"&lamp={self.lamp}"
        if self.shake_px:
            text += f"&shake={self.shake_px:g}"
        for name, field in _FLAGS.items():
            text += f"&{name}=1" if getattr(self, field) else ""
        if self.fault != "none":
            text += f"&fault={self.fault}&fault_from_s={self.fault_from_s:g}&fault_to_s={self.fault_to_s:g}"
        if self.camera_height_m is not None:
            text += f"&height_m={self.camera_height_m:g}"
        if self.camera_back_m is not None:
            text += f"&back_m={self.camera_back_m:g}"
        return text


def _number(name: str, text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise WorldSettingError(f"{name}: got {text!r}, expected a number") from None
    if not low <= value <= high:
        raise WorldSettingError(f"{name}: got {text}, expected {low:g}..{high:g}")
    return value


_RANGES: dict[str, tuple[str, float, float]] = {
    "fps": ("fps", 1, 60),
    "duration_s": ("duration_s", 0.1, 24 * 3600),
    "height_m": ("camera_height_m", 4, 9),
    "back_m": ("camera_back_m", 6, 30),
    "zoom": ("zoom", 0.4, 3),
    "violators": ("violators", 0, 20),
    "density": ("density", 0, 12),
    "shake": ("shake_px", 0, 20),
    "fault_from_s": ("fault_from_s", 0, 24 * 3600),
    "fault_to_s": ("fault_to_s", 0, 24 * 3600),
}
_FLAGS = {
    "right_on_red": "right_on_red", "ambulances": "has_ambulances", "clock": "has_clock", "loop": "is_loop",
}  # fmt: skip
_CHOICES: dict[str, tuple[str, ...]] = {"weather": WEATHERS, "lamp": LAMP_STATES, "street": STREETS, "fault": FAULTS}


def parse_url(url: str) -> WorldSettings:
    """Read a `sim://` URL.

    Raises:
        WorldSettingError: unknown world or setting, or a value outside its range.
    """
    parts = urlsplit(url)
    if parts.scheme != "sim" or parts.netloc not in WORLDS:
        known = " or ".join(f"sim://{world}" for world in WORLDS)
        raise WorldSettingError(f"simulated world: got {parts.scheme}://{parts.netloc}, expected {known}")
    width_px, height_px = USUAL_SIZE_OF[parts.netloc]
    values: dict[str, object] = {
        "world": parts.netloc, "acts": USUAL_ACTS_OF[parts.netloc], "width_px": width_px, "height_px": height_px,
    }  # fmt: skip
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        if name in _RANGES:
            field, low, high = _RANGES[name]
            values[field] = _number(name, text, low, high)
        elif name == "seed":
            values["seed"] = int(_number(name, text, 0, 2**31 - 1))
        elif name in _FLAGS:
            values[_FLAGS[name]] = _number(name, text, 0, 1) == 1.0
        elif name == "size":
            values["width_px"], values["height_px"] = _size(text)
        elif name == "acts":
            values["acts"] = _acts(text, ACTS_OF[parts.netloc])
        elif name in _CHOICES:
            if text not in _CHOICES[name]:
                raise WorldSettingError(f"{name}: got {text!r}, expected one of {', '.join(_CHOICES[name])}")
            values[name] = text
        else:
            known = ", ".join(sorted([*_RANGES, *_FLAGS, *_CHOICES, "acts", "seed", "size"]))
            raise WorldSettingError(f"sim:// setting: got {name!r}, expected one of {known}")
    return WorldSettings(**values)  # type: ignore[arg-type]


def _acts(text: str, known: tuple[Act, ...]) -> tuple[Act, ...]:
    """`all`, or codes joined by `+` (which a URL may show as a space) or commas; in the order of the known ones."""
    if text == "all":
        return known
    named = [word for word in re.split(r"[+, ]", text) if word]
    for word in named:
        if word not in known:
            raise WorldSettingError(f"acts: got {word!r}, expected all, or some of {', '.join(known)}")
    return tuple(act for act in known if act in named)


def _size(text: str) -> tuple[int, int]:
    match = _SIZE.match(text)
    if match is None:
        raise WorldSettingError(f"size: got {text!r}, expected WIDTHxHEIGHT, for example 960x540")
    width_px, height_px = int(match[1]), int(match[2])
    if width_px % 2 or height_px % 2 or not (160 <= width_px <= 3840 and 120 <= height_px <= 2160):
        raise WorldSettingError(f"size: got {text}, expected even numbers from 160x120 to 3840x2160")
    return width_px, height_px
