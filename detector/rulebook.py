"""Finds the rules (one file each in `detector/rules/`), and makes them ready for a camera."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from pydantic import ValidationError

import detector.rules
from detector.geometry.homography import GroundUnusableError
from detector.geometry.zone import is_inside
from detector.rule import Rule, RuleSettings, SettingError, Site
from models.camera_file import CameraFile, nearest
from models.domain.camera import RuleEntry, RuleMode, Zone
from models.domain.catalogue import act_codes
from models.domain.geometry import BoxPx
from models.domain.scene import Scene
from models.domain.violation import Violation

SAME_VEHICLE_US = 1_000_000
"""A claimed track counts for so long after it was last seen."""
SAME_VEHICLE_OVERLAP = 0.35
"""A track whose box overlaps (IoU) that of a claimed one by more is the same vehicle, which the tracker saw twice."""
RECENT_CLAIMS = 64


class RuleFileError(TypeError):
    """A file in `detector/rules/` that holds no proper rule: the start is stopped."""


@cache
def known_rules() -> dict[str, type[Rule]]:
    """Every rule by its code.

    Raises:
        RuleFileError: a file does not hold exactly one rule named like the file.
    """
    found: dict[str, type[Rule]] = {}
    for module_info in pkgutil.iter_modules(detector.rules.__path__):
        module = importlib.import_module(f"detector.rules.{module_info.name}")
        classes = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "observe")
        ]
        if len(classes) != 1 or classes[0].code != module_info.name:  # type: ignore[attr-defined]
            names = [value.__name__ for value in classes]
            raise RuleFileError(f"{module.__name__}: got {names}, expected one rule whose code is {module_info.name!r}")
        found[module_info.name] = classes[0]
    return found


@dataclass(slots=True)
class _Posted:
    """One rule of the camera file, at work."""

    entry: RuleEntry
    rule: Rule
    settings: RuleSettings


class Rulebook:
    """The rules of one camera. It adds what holds for all: excluded zones, priority vehicles, one vehicle one claim."""

    def __init__(self, file: CameraFile, *, is_recording: bool) -> None:
        """Makes every rule of the file that is not off.

        Args:
            file: the camera file.
            is_recording: a recorded source; its rules all run, whatever `since` says.

        Raises:
            models.camera_file.CameraFileError: an unknown rule or setting; the message names the line.
        """
        self._site = Site(file.camera)
        try:
            _ = self._site.ground
        except GroundUnusableError as error:
            raise file.error(("ground",), str(error)) from None
        self._excluded: Sequence[Zone] = [zone for zone in file.camera.zones if zone.exclude]
        self._posted = [
            posted for number, entry in enumerate(file.camera.rules) if (posted := self._post(file, number, entry))
        ]
        self._claimed: OrderedDict[tuple[str, int], tuple[int, BoxPx]] = OrderedDict()
        self.passed_over: Counter[str] = Counter()
        """Claims that were not made, by reason."""
        self.is_recording = is_recording

    def observe(self, scene: Scene) -> Iterator[tuple[Violation, RuleMode]]:
        """The claims that this scene completes, with the mode of their rule."""
        boxes = {track.track_id: track.box for track in scene.tracks}
        on_duty = {track.track_id for track in scene.tracks if track.is_priority}
        for rule, track_id in self._claimed:
            if track_id in boxes:
                self._claimed[rule, track_id] = (scene.pts_us, boxes[track_id])
        for posted in self._posted:
            for violation in posted.rule.observe(scene):
                reason = "priority_vehicle" if violation.track_id in on_duty else None
                reason = reason or self._reason_against(violation, scene.pts_us, boxes[violation.track_id])
                if reason is not None:
                    self.passed_over[f"{violation.rule}: {reason}"] += 1
                    continue
                self._remember(violation, scene.pts_us, boxes[violation.track_id])
                yield violation, posted.entry.mode
        for track_id in scene.ended:
            for posted in self._posted:
                posted.rule.forget(track_id)

    def settings_of(self, rule: str) -> dict[str, str]:
        """The settings in force of the first entry of that rule, as strings, for the manifest."""
        for posted in self._posted:
            if posted.entry.rule == rule:
                return {key: str(value) for key, value in sorted(posted.settings.model_dump(mode="json").items())}
        return {}

    @property
    def is_empty(self) -> bool:
        return not self._posted

    def _post(self, file: CameraFile, number: int, entry: RuleEntry) -> _Posted | None:
        rules = known_rules()
        place = ("rules", number)
        if entry.rule not in rules:
            raise file.error((*place, "rule"), f"unknown rule {entry.rule!r}, {nearest(entry.rule, rules)}")
        if entry.mode == "off":
            return None
        rule_class = rules[entry.rule]
        try:
            settings = rule_class.settings_class.model_validate(entry.settings)
            rule = rule_class(settings, self._site)
        except ValidationError as error:
            raise _setting_problem(file, place, rule_class.settings_class, error) from None
        except SettingError as error:
            raise file.error((*place, error.key), str(error)) from None
        if settings.act_code is not None and settings.act_code not in act_codes():
            raise file.error(
                (*place, "act_code"), f"got {settings.act_code!r}, {nearest(settings.act_code, act_codes())}"
            )
        return _Posted(entry, rule, settings)

    def _remember(self, violation: Violation, pts_us: int, box: BoxPx) -> None:
        self._claimed[violation.rule, violation.track_id] = (pts_us, box)
        if len(self._claimed) > RECENT_CLAIMS:
            self._claimed.popitem(last=False)

    def _reason_against(self, violation: Violation, pts_us: int, box: BoxPx) -> str | None:
        if any(is_inside(zone.polygon_px, violation.point) for zone in self._excluded):
            return "excluded_zone"
        for (rule, _), (seen_us, other) in self._claimed.items():
            is_near = pts_us - seen_us <= SAME_VEHICLE_US and box.iou(other) > SAME_VEHICLE_OVERLAP
            if rule == violation.rule and is_near:
                return "same_vehicle"
        return None


def with_catalogue(violation: Violation, *, has_row: bool) -> Violation:
    """The claim as the catalogue of its day lets it be: without a row its act code is None."""
    return violation if has_row or violation.act_code is None else replace(violation, act_code=None)


def _setting_problem(
    file: CameraFile, place: tuple[str | int, ...], settings_class: type[RuleSettings], error: ValidationError
) -> Exception:
    problem = error.errors()[0]
    key = str(problem["loc"][0]) if problem["loc"] else ""
    if problem["type"] == "extra_forbidden":
        known = ["rule", "mode", "since", *settings_class.model_fields]
        return file.error((*place, key), f"unknown setting {key!r}, {nearest(key, known)}")
    if problem["type"] == "missing":
        return file.error((*place, key), "missing, expected this setting")
    return file.error((*place, key), f"{problem['msg']}, got {problem.get('input')!r}")
