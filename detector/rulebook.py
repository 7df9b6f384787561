"""Finds the rules (one file each in `detector/rules/`), and makes them ready for a camera."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache

from pydantic import ValidationError

import detector.rules
import detector.rules.past
from detector.evidence.excerpt import excerpt
from detector.evidence.scene_lines import read_scene_lines, scene_line
from detector.geometry.homography import GroundUnusableError
from detector.geometry.vectors import distance
from detector.geometry.zone import is_inside
from detector.rule import Rule, RuleSettings, SettingError, Site, every_us, warm_up_us
from models.camera_file import CameraFile, nearest
from models.domain.camera import Camera, RuleEntry, RuleMode, Zone
from models.domain.catalogue import act_codes, catalogue_begins, has_row
from models.domain.geometry import BoxPx
from models.domain.scene import Scene
from models.domain.violation import Violation

SAME_VEHICLE_US = 1_000_000
"""A claimed track counts for so long after it was last seen."""
SAME_VEHICLE_OVERLAP = 0.35
"""A track whose box overlaps (IoU) that of a claimed one by more is the same vehicle, which the tracker saw twice."""
HEIR_HEIGHTS, HEIR_US = 0.8, 400_000
"""A track that is born so near (in its box heights, and as much again for each 0.4 s) to where a claimed one was lost
is the same vehicle under a new number: nobody is claimed twice."""
RECENT_CLAIMS = 64
HISTORY_WARM_UPS = 4
"""So many times the warm-up is kept of a rule that declares `every_s`: what begins anew may begin late."""
LONGER_US = 30_000_000
HISTORY_LINES = 20_000
"""Of one rule that declares `every_s`: what its claims may depend on is kept as lines, a few MB."""


class RuleFileError(TypeError):
    """A file in `detector/rules/` that holds no proper rule: the start is stopped."""


class RuleUnknownError(LookupError):
    """This program has no such rule, or not in that version."""


@cache
def known_rules() -> dict[str, type[Rule]]:
    """Every rule by its code.

    Raises:
        RuleFileError: a file does not hold exactly one rule named like the file.
    """
    found: dict[str, type[Rule]] = {}
    for module_info in pkgutil.iter_modules(detector.rules.__path__):
        if module_info.ispkg:  # detector/rules/past: versions that old claims were made by
            continue
        rule = _rule_in(f"detector.rules.{module_info.name}", module_info.name)
        found[module_info.name] = rule
    return found


@cache
def past_rules() -> dict[tuple[str, int], type[Rule]]:
    """Earlier versions of rules by code and version, for replays only.

    Raises:
        RuleFileError: a file does not hold exactly one rule, named like the file.
    """
    found: dict[tuple[str, int], type[Rule]] = {}
    for module_info in pkgutil.iter_modules(detector.rules.past.__path__):
        code, _, version = module_info.name.rpartition("_v")
        rule = _rule_in(f"detector.rules.past.{module_info.name}", code)
        if version != str(rule.version):
            raise RuleFileError(f"{module_info.name}: got {code} version {rule.version}, expected the file's own name")
        found[rule.code, rule.version] = rule
    return found


def rule_of(code: str, version: int) -> type[Rule]:
    """That version of that rule, current or past.

    Raises:
        RuleUnknownError: this program has no such version.
    """
    current = known_rules().get(code)
    found = current if current is not None and current.version == version else past_rules().get((code, version))
    if found is None:
        has = "no such rule" if current is None else f"version {current.version}"
        raise RuleUnknownError(f"{code}: got version {version}, this program has {has}")
    return found


def _rule_in(module_name: str, code: str) -> type[Rule]:
    module = importlib.import_module(module_name)
    classes: list[type[Rule]] = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "observe")
    ]
    if len(classes) != 1 or classes[0].code != code:
        names = [value.__name__ for value in classes]
        raise RuleFileError(f"{module_name}: got {names}, expected one rule whose code is {code!r}")
    return classes[0]


@dataclass(slots=True)
class _Posted:
    """One rule of the camera file, at work."""

    entry: RuleEntry
    rule: Rule
    settings: RuleSettings
    shown_us: int | None = None
    ended: list[int] = field(default_factory=list)
    history: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=HISTORY_LINES))

    def its_view(self, scene: Scene) -> Scene | None:
        """The scene as this rule is shown it; None: not this one. No end of a track is lost in between."""
        interval_us = every_us(self.rule)
        if interval_us == 0:
            return scene
        self.ended += scene.ended
        if self.shown_us is not None and scene.pts_us - self.shown_us < interval_us:
            return None
        shown = replace(scene, ended=tuple(self.ended))
        self.ended, self.shown_us = [], scene.pts_us
        self.history.append((scene.pts_us, scene_line(shown)))
        while scene.pts_us - self.history[0][0] > HISTORY_WARM_UPS * warm_up_us(self.rule):
            self.history.popleft()
        return shown


class Rulebook:
    """The rules of one camera. It adds what holds for all: excluded zones, priority vehicles, one vehicle one claim."""

    def __init__(
        self,
        file: CameraFile,
        *,
        is_recording: bool,
        rules: Mapping[str, type[Rule]] | None = None,
        about: int | None = None,
    ) -> None:
        """Makes every rule of the file that is not off.

        Args:
            file: the camera file.
            is_recording: a recorded source; its rules all run, whatever `since` says.
            rules: by code; None: those of `detector/rules/`.
            about: a replay asks for the claims of this track alone: what a part of the scenes makes of the others
                must not silence it.

        Raises:
            models.camera_file.CameraFileError: an unknown rule or setting; the message names the line.
        """
        self._rules = known_rules() if rules is None else rules
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
        self._claimed_by: OrderedDict[tuple[str, int], _Posted] = OrderedDict()
        self._known: set[int] = set()
        self.passed_over: Counter[str] = Counter()
        """Claims that were not made, by reason."""
        self.is_recording = is_recording
        self._about = about

    def observe(self, scene: Scene) -> Iterator[tuple[Violation, RuleMode]]:
        """The claims that this scene completes, with the mode of their rule."""
        boxes = {track.track_id: track.box for track in scene.tracks}
        on_duty = {track.track_id for track in scene.tracks if track.is_priority}
        for rule, track_id in self._claimed:
            if track_id in boxes:
                self._claimed[rule, track_id] = (scene.pts_us, boxes[track_id])
        self._pass_on(scene, boxes)
        for posted in self._posted:
            shown = posted.its_view(scene)
            if shown is None:
                continue
            for violation in posted.rule.observe(shown):
                if self._about not in (None, violation.track_id):
                    continue
                reason = "priority_vehicle" if violation.track_id in on_duty else None
                reason = reason or self._reason_against(violation, scene.pts_us, boxes[violation.track_id])
                if reason is not None:
                    self.passed_over[f"{violation.rule}: {reason}"] += 1
                    continue
                self._remember(violation, scene.pts_us, boxes[violation.track_id], posted)
                yield violation, posted.entry.mode
            for track_id in shown.ended:
                posted.rule.forget(track_id)

    def entry_of(self, violation: Violation) -> RuleEntry:
        """The entry of the camera file that made this claim, a moment ago."""
        return self._claimed_by[violation.rule, violation.track_id].entry

    def deciding_scenes(self, violation: Violation, scenes: Sequence[Scene]) -> tuple[Scene, ...]:
        """What this claim, made a moment ago, follows from: as few scenes as will do, else all that are kept.

        Args:
            scenes: all that were observed and are kept, oldest first.
        """
        posted = self._claimed_by[violation.rule, violation.track_id]
        candidate: tuple[Scene, ...] = ()
        for candidate in _candidates(posted, violation, scenes):
            if self._follows(posted, violation, candidate):
                break
        return candidate

    def _follows(self, posted: _Posted, violation: Violation, scenes: Sequence[Scene]) -> bool:
        """A new rule of this kind, shown these scenes and no others, makes the very same claim."""
        rule = type(posted.rule)(posted.settings, self._site)
        for scene in scenes:
            if violation in rule.observe(scene):
                return True
            for track_id in scene.ended:
                rule.forget(track_id)
        return False

    def settings_of(self, rule: str, track_id: int | None = None) -> dict[str, str]:
        """The settings, as strings, for the manifest: of the entry that claimed this track, else of the first."""
        claimed_by = None if track_id is None else self._claimed_by.get((rule, track_id))
        for posted in [claimed_by] if claimed_by is not None else self._posted:
            if posted.entry.rule == rule:
                return {key: str(value) for key, value in sorted(posted.settings.model_dump(mode="json").items())}
        return {}

    @property
    def is_empty(self) -> bool:
        return not self._posted

    def _post(self, file: CameraFile, number: int, entry: RuleEntry) -> _Posted | None:
        rules = self._rules
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

    def _remember(self, violation: Violation, pts_us: int, box: BoxPx, posted: _Posted) -> None:
        self._claimed[violation.rule, violation.track_id] = (pts_us, box)
        self._claimed_by[violation.rule, violation.track_id] = posted
        for claims in (self._claimed, self._claimed_by):
            if len(claims) > RECENT_CLAIMS:
                claims.popitem(last=False)

    def _pass_on(self, scene: Scene, boxes: Mapping[int, BoxPx]) -> None:
        """What was claimed of a track that is lost holds for one that is born where it was lost."""
        born = [track_id for track_id in boxes if track_id not in self._known]
        self._known = (self._known | boxes.keys()) - set(scene.ended)
        for (rule, track_id), (seen_us, box) in list(self._claimed.items()):
            gap_us = scene.pts_us - seen_us
            if track_id in boxes or gap_us > SAME_VEHICLE_US:
                continue
            for heir in born:
                if _is_heir(box, boxes[heir], gap_us):
                    self._claimed[rule, heir] = (scene.pts_us, boxes[heir])
        while len(self._claimed) > RECENT_CLAIMS:
            self._claimed.popitem(last=False)

    def _reason_against(self, violation: Violation, pts_us: int, box: BoxPx) -> str | None:
        if any(is_inside(zone.polygon_px, violation.point) for zone in self._excluded):
            return "excluded_zone"
        if (violation.rule, violation.track_id) in self._claimed:
            return "same_vehicle"
        for (rule, _), (seen_us, other) in self._claimed.items():
            is_near = pts_us - seen_us <= SAME_VEHICLE_US and box.iou(other) > SAME_VEHICLE_OVERLAP
            if rule == violation.rule and is_near:
                return "same_vehicle"
        return None


def _is_heir(lost: BoxPx, born: BoxPx, gap_us: int) -> bool:
    height = (lost.height + born.height) / 2
    reach = HEIR_HEIGHTS * height * (1 + gap_us / HEIR_US)
    return distance(lost.center, born.center) <= reach and max(lost.height, born.height) <= 2 * min(
        lost.height, born.height
    )


def _candidates(posted: _Posted, violation: Violation, scenes: Sequence[Scene]) -> Iterator[tuple[Scene, ...]]:
    """Ever longer excerpts."""
    warm_up = warm_up_us(posted.rule)
    if every_us(posted.rule) == 0:
        yield excerpt(violation, scenes, warm_up)
        yield excerpt(violation, scenes, max(warm_up, LONGER_US))
        yield tuple(scenes)
        return
    for begins_us in (posted.history[-1][0] - warm_up, posted.history[0][0]):
        lines = (line for pts_us, line in posted.history if pts_us >= begins_us)
        yield tuple(read_scene_lines(b"".join(lines), limit_bytes=None))


def as_listed(violation: Violation, camera: Camera, captured_at: datetime) -> Violation:
    """The claim as the catalogue of the day of the act lets it be, on the clocks of the camera's zone."""
    day = max(camera.local(captured_at).date(), catalogue_begins())
    is_listed = violation.act_code is not None and has_row(violation.act_code, violation.vehicle, day)
    return with_catalogue(violation, has_row=is_listed)


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
