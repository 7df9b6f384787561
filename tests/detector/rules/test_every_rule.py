"""What holds for every rule, whoever wrote it: silence where nothing is known, bounded state, and words for people."""

from __future__ import annotations

import ast
import inspect
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detector.rules
from detector.rule import Rule, Site
from detector.rulebook import Rulebook, known_rules
from models.camera_file import load_camera_file
from models.domain.camera import Camera
from models.domain.catalogue import act_codes
from models.domain.geometry import BoxPx
from models.domain.scene import VEHICLE_CLASSES, Scene, SignalReading, Track
from models.domain.violation import Violation
from tests.detector.rules.roads import DRAWN, GROUND, along
from tests.detector.rules.scenes import INTERVAL_US, box_at, lamp
from tests.models.test_camera_file import VALID, written

CODES = sorted(known_rules())
SITE = Site(Camera.model_validate(DRAWN | {"ground": GROUND}))
USUAL: Mapping[str, Any] = {
    "line": "stop",
    "signal": "main",
    "lane": "bus",
    "zone": "road",
    "from": "left",
    "to": "exit-left",
    "classes": ["truck"],
    "limit_kmh": {"car": 20, "motorcycle": 20},
    "after_s": 1.0,
}
"""What a setting of this name may be at the test road."""
SPECIAL: Mapping[str, Mapping[str, Any]] = {
    "solid_line": {"line": "solid"},
    "u_turn": {"to": "back"},
    "sidewalk": {"zone": "kerb"},
}


def entry_of(code: str) -> dict[str, Any]:
    """Settings with which the rule works at the test road: all that it must be told, by the setting's name."""
    made = {}
    for name, field in known_rules()[code].settings_class.model_fields.items():
        key = field.alias or name
        if field.is_required() or key in ("signal", "after_s"):
            made[key] = USUAL[key]
    return made | dict(SPECIAL.get(code, {}))


def rule_of(code: str) -> Rule:
    rule_class = known_rules()[code]
    return rule_class(rule_class.settings_class.model_validate(entry_of(code)), SITE)


def shown(code: str, scenes: Iterable[Scene]) -> list[Violation]:
    rule = rule_of(code)
    return [violation for scene in scenes for violation in rule.observe(scene)]


DRIVES: tuple[list[tuple[float, float]], ...] = (
    [(210, 430), (210, 210), (160, 180), (110, 210), (110, 420)],
    [(210, 430), (210, 140), (150, 80), (30, 75)],
    [(210, 430), (210, 100), (320, 80), (320, 140), (320, 300)],
    [(320, 435), (320, 130)],
    [(210, 430), (210, 297)],
)


def _path(draw: random.Random, steps: int) -> list[BoxPx]:
    """A drive: straight, with a bend, or to a standstill, anywhere on the road."""
    spots = [(draw.uniform(0, 480), draw.uniform(60, 470)) for _ in range(draw.choice([2, 2, 3, 4]))]
    if draw.random() < 0.6:
        spots = draw.choice(DRIVES)
    height = draw.uniform(20, 90)
    driven = steps // draw.choice([1, 2, 4])
    boxes = along(spots, driven, height=height, width=height * draw.uniform(0.4, 1.6))
    return boxes + [boxes[-1]] * (steps - driven)


def world(seed: int, *, state: Any = "red", vehicle: Any = "any", steps: int = 60) -> list[Scene]:
    """Vehicles of all classes that drive where they like; some of them commit some act."""
    draw = random.Random(seed)
    paths = {number: _path(draw, steps) for number in range(1, draw.randrange(2, 6))}
    classes = {n: draw.choice(VEHICLE_CLASSES) if vehicle == "any" else vehicle for n in paths}
    born = {n: draw.choice([0, 0, draw.randrange(steps)]) for n in paths}
    jitter = draw.choice([0.0, 0.5, 2.0])
    signal = SignalReading("main", state, 0 if state == "red" else -(10**7), 0, 0)
    scenes = []
    for step in range(steps):
        tracks = []
        for number, path in paths.items():
            if step >= born[number]:
                dx, dy = draw.gauss(0, jitter), draw.gauss(0, jitter)
                box = BoxPx(path[step].x1 + dx, path[step].y1 + dy, path[step].x2 + dx, path[step].y2 + dy).quantised()
                tracks.append(Track(number, classes[number], box, 0.9))
        people = (box_at(draw.uniform(60, 460), draw.uniform(130, 430), 50, 20),) if draw.random() < 0.8 else ()
        scene = Scene(step, step * INTERVAL_US, INTERVAL_US, tuple(tracks), {"main": signal}, people=people)
        scenes.append(replace(scene, captured_us=10**15 + scene.pts_us))
    return scenes


SEEDS = st.integers(0, 10**6)
EVERY = pytest.mark.parametrize("code", CODES)
FEW = settings(max_examples=12, deadline=None)


def test_the_worlds_hold_acts_of_nearly_every_rule() -> None:
    """Else silence would prove nothing."""
    worlds = [world(seed, state=state, steps=120) for seed in range(25) for state in ("red", "green")]
    silent = {code for code in CODES if not any(shown(code, scenes) for scenes in worlds)}
    assert silent <= {"no_helmet", "too_many_riders", "yield_pedestrian", "coach_stop"}  # they need what is not here


@EVERY
@FEW
@given(seed=SEEDS, state=st.sampled_from(["unknown", "off"]))
def test_never_on_a_lamp_that_cannot_be_read(code: str, seed: int, state: str) -> None:
    if "signal" in entry_of(code):
        assert shown(code, world(seed, state=state)) == []
        assert shown(code, [replace(scene, signals={}) for scene in world(seed)]) == []


@EVERY
def test_never_on_an_empty_scene(code: str) -> None:
    assert shown(code, [replace(scene, tracks=()) for scene in world(1)]) == []


@EVERY
@FEW
@given(seed=SEEDS)
def test_never_while_the_clock_settles(code: str, seed: int) -> None:
    assert shown(code, [replace(scene, timing_ok=False) for scene in world(seed)]) == []


@EVERY
@FEW
@given(seed=SEEDS)
def test_never_what_is_not_known_to_be_a_vehicle(code: str, seed: int) -> None:
    assert shown(code, world(seed, vehicle=None)) == []


@EVERY
@FEW
@given(seed=SEEDS)
def test_never_what_was_not_seen_but_only_predicted(code: str, seed: int) -> None:
    unseen = [
        replace(scene, tracks=tuple(replace(track, is_seen=False) for track in scene.tracks)) for scene in world(seed)
    ]
    assert shown(code, unseen) == []


@EVERY
@FEW
@given(seed=SEEDS)
def test_never_an_identity_that_hops_from_place_to_place(code: str, seed: int) -> None:
    draw = random.Random(seed)
    scenes = []
    for scene in world(seed):
        hops = tuple(Track(n, "car", box_at(draw.uniform(0, 480), draw.uniform(60, 470), 40, 40), 0.9) for n in (1, 2))
        scenes.append(replace(scene, tracks=hops))
    assert shown(code, scenes) == []


BEYOND = {
    "red_light": (60, 460, 60, 295),
    "stop_line": (60, 460, 60, 295),
    "forbidden_turn": (0, 150, 45, 118),
    "u_turn": (65, 155, 130, 440),
}
"""Where a track is born past what it must have passed: x from, to, y from, to."""


@pytest.mark.parametrize("code", sorted(BEYOND))
@FEW
@given(seed=SEEDS)
def test_never_a_track_that_was_born_past_the_line(code: str, seed: int) -> None:
    draw, (x1, x2, y1, y2) = random.Random(seed), BEYOND[code]
    spots = [(draw.uniform(x1, x2), draw.uniform(y1, y2)) for _ in range(3)]
    scenes = [
        replace(scene, tracks=(Track(1, "car", box, 0.9),))
        for scene, box in zip(world(seed), along(spots, 60, height=20, width=20), strict=True)
    ]
    assert shown(code, scenes) == []


@EVERY
@FEW
@given(seed=SEEDS)
def test_every_claim_can_be_shown_and_none_is_made_twice(code: str, seed: int) -> None:
    scenes = world(seed, steps=100)
    claims = shown(code, scenes)
    assert claims == shown(code, scenes)
    assert len({claim.track_id for claim in claims}) == len(claims)
    rule_class = known_rules()[code]
    for claim in claims:
        before, at, beyond = claim.moments
        assert (before.name, at.name, beyond.name) == ("before", "at", "beyond")
        assert before.pts_us <= at.pts_us <= beyond.pts_us and before.pts_us < beyond.pts_us
        assert (claim.rule, claim.rule_version) == (code, rule_class.version)
        assert claim.act_code in rule_class.acts
        assert all(isinstance(value, int) for value in claim.measurements.values()), claim.measurements


def kept(value: Any, seen: set[int] | None = None) -> Iterator[Any]:
    """Every element of every container that hangs on a rule, but for the camera's own geometry."""
    seen = set() if seen is None else seen
    if id(value) in seen or isinstance(value, str | bytes | int | float | Site | Camera):
        return
    seen.add(id(value))
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from kept(inner, seen)
    elif isinstance(value, set | frozenset | list | tuple) or hasattr(value, "popleft"):
        for inner in value:
            yield inner
            yield from kept(inner, seen)
    elif type(value).__module__.startswith(("detector", "models")):
        names = [
            *getattr(value, "__dict__", {}),
            *(n for c in type(value).__mro__ for n in getattr(c, "__slots__", ())),
        ]
        for name in names:
            yield from kept(getattr(value, name, None), seen)


@EVERY
def test_after_ten_thousand_tracks_the_state_is_bounded_and_no_track_is_remembered(code: str) -> None:
    rule = rule_of(code)
    at_first = sum(1 for _ in kept(rule))
    path = along([(320, 430), (320, 330)], 4)
    for number in range(10_000):
        track_id = 10**9 + number
        for step, box in enumerate(path[: 2 + 2 * (number % 50 == 0)]):
            now = number * 4 + step
            track = Track(track_id, "car", box, 0.9)
            list(rule.observe(Scene(now, now * INTERVAL_US, INTERVAL_US, (track,), {"main": lamp("red")})))
        rule.forget(track_id)
    left = list(kept(rule))
    assert len(left) - at_first <= 2_000
    assert [item for item in left if isinstance(item, int) and item >= 10**9] == []


@cache
def numbers_of(code: str) -> frozenset[str]:
    """Upper-case names that the rule's files define."""
    rule_class = known_rules()[code]
    files = {inspect.getfile(c) for c in rule_class.__mro__ if c.__module__.startswith("detector")}
    trees = [ast.parse(Path(file).read_text(encoding="utf-8")) for file in files]
    nodes = [node for tree in trees for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    targets = [t for node in nodes for t in (node.targets if isinstance(node, ast.Assign) else [node.target])]
    names = [name for t in targets for name in (t.elts if isinstance(t, ast.Tuple) else [t])]
    return frozenset(name.id for name in names if isinstance(name, ast.Name))


@EVERY
def test_tells_people_what_it_is(code: str) -> None:
    rule_class = known_rules()[code]
    first, *_ = (rule_class.__doc__ or "").strip().splitlines()
    assert re.search(r"[ăâđêôơưáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ]", first), first
    assert first.endswith((".", ":")) and len(first) > 20
    assert rule_class.never and all(text == text.strip() and not text.endswith(".") for text in rule_class.never)
    assert set(rule_class.acts) <= act_codes() and rule_class.acts
    assert rule_class.drawing.marks
    fields = rule_class.settings_class.model_fields
    for name, field in fields.items():
        assert name == "act_code" or field.description, f"the setting {name} is not documented"
    for name in rule_class.sources:
        assert name in {field.alias or key for key, field in fields.items()} | numbers_of(code), (
            f"{name}: no such number"
        )


NEW_RULE = '''
"""Is seen in a lane: a rule that a test adds."""
from typing import ClassVar
from pydantic import Field
from detector.drawing import ROAD, Drawing
from detector.geometry.zone import is_inside
from detector.rule import RuleSettings
from models.domain.violation import Moment, Violation

class Settings(RuleSettings):
    lane: str = Field(description="The lane.")

class SeenThere:
    """Xe được nhìn thấy trong làn: quy tắc thử."""
    code: ClassVar[str] = "seen_there"
    version: ClassVar[int] = 1
    settings_class: ClassVar[type[RuleSettings]] = Settings
    acts = ("WRONG_LANE",)
    never = ("a vehicle elsewhere",)
    sources = {}
    drawing = Drawing((ROAD,))

    def __init__(self, settings, site):
        self._polygon = site.lane("lane", settings.lane).polygon_px

    def observe(self, scene):
        for track in scene.tracks:
            if is_inside(self._polygon, track.ground_contact):
                names = ("before", "at", "beyond")
                moments = tuple(Moment(n, scene.frame_index, scene.pts_us, track.box) for n in names)
                yield Violation(self.code, self.version, "WRONG_LANE", track.track_id, track.vehicle,
                                scene.frame_index, scene.pts_us, track.ground_contact, moments)

    def forget(self, track_id):
        pass
'''


def test_one_file_adds_a_rule_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "seen_there.py").write_text(NEW_RULE)
    monkeypatch.setattr(detector.rules, "__path__", [*detector.rules.__path__, str(folder)])
    known_rules.cache_clear()
    try:
        text = re.sub(r"rules:\n.*\n", "rules:\n  - {rule: seen_there, lane: l1}\n", VALID)
        book = Rulebook(load_camera_file(written(tmp_path, text)), is_recording=True)
        track = Track(1, "car", box_at(40, 20), 0.9)
        ((violation, _),) = book.observe(Scene(0, 0, INTERVAL_US, (track,)))
        assert violation.rule == "seen_there"
    finally:
        known_rules.cache_clear()
