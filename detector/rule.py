"""What every rule is: settings in, scenes in, claims out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from detector.drawing import Drawing
from detector.geometry.homography import Homography
from detector.geometry.line import DirectedLine
from models.domain.camera import Camera, Lane, Line, SignalHead, Zone
from models.domain.scene import Scene
from models.domain.violation import Violation


class SettingError(ValueError):
    """A rule's setting that this camera cannot serve; `key` says which."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class RuleSettings(BaseModel):
    """Base of every rule's settings: a rule documents each of them in `Field(description=…)`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    act_code: str | None = None


@dataclass(frozen=True)
class Site:
    """The camera's geometry as rules ask for it, by the names of the camera file."""

    camera: Camera

    @cached_property
    def ground(self) -> Homography | None:
        """The road plane, where the camera file has surveyed points.

        Raises:
            GroundUnusableError: the points make no plane.
        """
        if self.camera.ground is None:
            return None
        return Homography.from_points(self.camera.ground.points_px, self.camera.ground.points_m)

    def line(self, key: str, name: str) -> DirectedLine:
        """The directed line of that name.

        Raises:
            SettingError: there is none, or it does not say where vehicles come from.
        """
        line = self.drawn_line(key, name)
        if line.from_px is None:
            raise SettingError(key, f"line {name!r} has no from_px: say from which side vehicles come")
        try:
            return DirectedLine.from_points(line.points_px, line.from_px)
        except ValueError as error:
            raise SettingError(key, f"line {name!r}: {error}") from None

    def drawn_line(self, key: str, name: str) -> Line:
        """The line of that name as it was drawn, whichever side vehicles come from."""
        line = next((line for line in self.camera.lines if line.id == name), None)
        if line is None:
            raise SettingError(key, _unknown("line", name, [line.id for line in self.camera.lines]))
        return line

    def lane(self, key: str, name: str) -> Lane:
        found = next((lane for lane in self.camera.lanes if lane.id == name), None)
        if found is None:
            raise SettingError(key, _unknown("lane", name, [lane.id for lane in self.camera.lanes]))
        return found

    def zone(self, key: str, name: str) -> Zone:
        found = next((zone for zone in self.camera.zones if zone.id == name), None)
        if found is None:
            raise SettingError(key, _unknown("zone", name, [zone.id for zone in self.camera.zones]))
        return found

    def signal(self, key: str, name: str) -> SignalHead:
        found = next((signal for signal in self.camera.signals if signal.id == name), None)
        if found is None:
            raise SettingError(key, _unknown("signal", name, [signal.id for signal in self.camera.signals]))
        return found


class Rule(Protocol):
    """One kind of violation. The docstring of a rule is the sentence that the reviewer reads.

    A rule is one file in `detector/rules/`. It keeps state by track id, which `forget` drops, or by place where a stay
    outlives its track (`detector.standing`); both are bounded. What it tells of
    itself below goes to docs/rules.md (`phatnguoi rules`), with its settings, and with the numbers at the top of its
    file that have a docstring.

    Attributes:
        code: the name of the rule, and of its file.
        version: counted up with every change of what is claimed.
        acts: codes of the offence catalogue that it may claim without an `act_code`, the usual one first.
        never: short sentences without "never": who and what is not claimed ("a track first seen beyond the line").
        sources: a setting or a number of the file -> where its value comes from, in words ("proposal of this project",
            "measured on …", a legal reference of the catalogue).
        drawing: the geometry from above.

    Two things a rule may add, where its state reaches far back (docs/replay.md), as attributes of the class or of the
    instance: `every_s`, the time between two scenes that it is shown, and `warm_up_s`, the time before the claim that
    decides it. Without them it is shown every scene, and the scenes since its vehicle was first seen decide.
    """

    code: ClassVar[str]
    version: ClassVar[int]
    settings_class: ClassVar[type[RuleSettings]]
    acts: ClassVar[tuple[str, ...]]
    never: ClassVar[tuple[str, ...]]
    sources: ClassVar[Mapping[str, str]]
    drawing: ClassVar[Drawing]

    def __init__(self, settings: Any, site: Site) -> None: ...

    def observe(self, scene: Scene) -> Iterator[Violation]:
        """The claims that this scene completes."""

    def forget(self, track_id: int) -> None:
        """Drops all that is kept about one track."""


def every_us(rule: Rule) -> int:
    """Least time between two scenes that this rule is shown; 0: every scene."""
    return round(getattr(rule, "every_s", 0.0) * 1_000_000)


def warm_up_us(rule: Rule) -> int:
    """How far before its completion a claim of this rule may depend on what was seen."""
    return round(getattr(rule, "warm_up_s", 0.0) * 1_000_000)


def _unknown(kind: str, name: str, known: list[str]) -> str:
    return f"got the {kind} {name!r}, expected one of: {', '.join(known) or 'none is drawn'}"
