"""Rules are found by their files; a camera file's rules are made ready, or refused with the line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import detector.rules
from detector.rulebook import Rulebook, known_rules
from models.camera_file import CameraFileError, load_camera_file
from models.domain.scene import Scene, Track
from tests.detector.replays import camera_file
from tests.detector.rules.scenes import INTERVAL_US, box_at, lamp
from tests.models.test_camera_file import VALID, written

NEW_RULE = '''
"""A rule in one file."""
from typing import ClassVar
from pydantic import Field
from detector.rule import RuleSettings

class Settings(RuleSettings):
    lane: str = Field(description="The lane.")

class TestRule:
    """Xe thử."""
    code: ClassVar[str] = "test_rule"
    version: ClassVar[int] = 1
    settings_class: ClassVar[type[RuleSettings]] = Settings

    def __init__(self, settings, site):
        site.lane("lane", settings.lane)

    def observe(self, scene):
        yield from ()

    def forget(self, track_id):
        pass
'''


@pytest.fixture
def rules_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose files are rules, too."""
    monkeypatch.setattr(detector.rules, "__path__", [*detector.rules.__path__, str(tmp_path)])
    known_rules.cache_clear()
    yield tmp_path
    known_rules.cache_clear()
    for name in [name for name in sys.modules if name.startswith("detector.rules.test_rule")]:
        del sys.modules[name]


def rules_of(tmp_path: Path, line: str) -> Rulebook:
    text = re.sub(r"rules:\n.*\n", f"rules:\n  - {line}\n", VALID)
    return Rulebook(load_camera_file(written(tmp_path, text)), is_recording=True)


@pytest.mark.parametrize("code", sorted(known_rules()))
def test_every_rule_says_what_it_is(code: str) -> None:
    rule = known_rules()[code]
    assert rule.code == code
    assert rule.version >= 1
    assert rule.__doc__ and len(rule.__doc__.splitlines()) >= 3
    for name, field in rule.settings_class.model_fields.items():
        assert name == "act_code" or field.description, f"{code}: the setting {name} is not documented"


def test_a_rule_is_added_by_one_file(rules_folder: Path, tmp_path: Path) -> None:
    (rules_folder / "test_rule.py").write_text(NEW_RULE)
    assert "test_rule" in known_rules()
    rules_of(tmp_path, "{rule: test_rule, lane: l1}")
    with pytest.raises(CameraFileError, match="got the lane 'l9', expected one of: l1"):
        rules_of(tmp_path, "{rule: test_rule, lane: l9}")


def test_a_rule_that_does_not_import_stops_the_start(rules_folder: Path) -> None:
    (rules_folder / "test_rule_broken.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(ModuleNotFoundError):
        known_rules()


def test_a_file_without_a_rule_stops_the_start(rules_folder: Path) -> None:
    (rules_folder / "test_rule_empty.py").write_text("")
    with pytest.raises(TypeError, match="expected one rule whose code is 'test_rule_empty'"):
        known_rules()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{rule: red_lihgt, line: stop, signal: main}", "unknown rule 'red_lihgt', did you mean 'red_light'?"),
        ("{rule: red_light, line: stop, signal: main, grace: 1}", "unknown setting 'grace', did you mean 'grace_s'?"),
        ("{rule: red_light, signal: main}", "line: missing"),
        ("{rule: red_light, line: halt, signal: main}", "got the line 'halt', expected one of: stop"),
        ("{rule: red_light, line: stop, signal: other}", "got the signal 'other', expected one of: main"),
        ("{rule: red_light, line: stop, signal: main, grace_s: -1}", "got -1"),
        ("{rule: red_light, line: stop, signal: main, act_code: RED_LITE}", "did you mean 'RED_LIGHT'?"),
    ],
)
def test_a_rule_that_this_camera_cannot_serve(tmp_path: Path, line: str, what: str) -> None:
    with pytest.raises(CameraFileError) as error:
        rules_of(tmp_path, line)
    assert what in str(error.value)
    assert "line 21:" in str(error.value)


def test_a_rule_that_is_off_does_not_run(tmp_path: Path) -> None:
    assert rules_of(tmp_path, "{rule: red_light, line: stop, signal: main, mode: off}").is_empty


def crossing(*track_ids: int, x: float = 300) -> list[Scene]:
    """Tracks that drive side by side over the stop line of VALID, which lies near y = 390."""
    scenes = []
    for step in range(24):
        tracks = tuple(
            Track(i, "motorcycle", box_at(x + n * 4, 470.0 - 10 * step), 0.9) for n, i in enumerate(track_ids)
        )
        scenes.append(Scene(step, step * INTERVAL_US, INTERVAL_US, tracks, {"main": lamp("red")}))
    return scenes


LIVE = "{rule: red_light, line: stop, signal: main, mode: live}"


def test_two_tracks_on_one_vehicle_are_one_claim(tmp_path: Path) -> None:
    book = rules_of(tmp_path, LIVE)
    assert len([claim for scene in crossing(1, 2) for claim in book.observe(scene)]) == 1
    assert book.passed_over["red_light: same_vehicle"] == 1


def test_nothing_is_claimed_in_an_excluded_zone(tmp_path: Path) -> None:
    trees = "  - {id: trees, polygon_px: [[0, 300], [640, 300], [640, 480], [0, 480]], exclude: true}\nlanes:"
    text = VALID.replace("lanes:", trees).replace(", permitted: [right_turn]", "")
    book = Rulebook(load_camera_file(written(tmp_path, text)), is_recording=True)
    assert [claim for scene in crossing(1) for claim in book.observe(scene)] == []
    assert book.passed_over["red_light: excluded_zone"] == 1


def test_ten_thousand_tracks_leave_nothing_behind(tmp_path: Path) -> None:
    book = rules_of(tmp_path, LIVE)
    for number in range(1000):
        for step, scene in enumerate(crossing(number)):
            ended = (number,) if step == 23 else ()
            list(
                book.observe(
                    Scene(scene.frame_index, scene.pts_us, scene.interval_us, scene.tracks, scene.signals, ended=ended)
                )
            )
    (posted,) = book._posted
    assert all(len(kept) == 0 for kept in vars(posted.rule).values() if isinstance(kept, dict | set))
    assert len(book._claimed) <= 64


def claims_of_one_vehicle_under_two_numbers(book: Rulebook) -> list[int]:
    """It is claimed, and goes on under another number, which would be claimed as well."""
    claims = []
    for step in range(44):
        tracks = (Track(1 if step < 22 else 2, "motorcycle", box_at(300, 120.0 + 8 * step), 0.9),)
        ended = (1,) if step == 36 else ()
        scene = Scene(step, step * INTERVAL_US, INTERVAL_US, tracks, {"main": lamp("red")}, ended=ended)
        claims += [violation.track_id for violation, _ in book.observe(scene)]
    return claims


AGAINST = {"rule": "wrong_way", "lane": "ours", "distance_m": 2.0}


def test_a_vehicle_whose_track_is_born_anew_is_not_claimed_again() -> None:
    book = Rulebook(camera_file(rules=[AGAINST]), is_recording=True)
    assert claims_of_one_vehicle_under_two_numbers(book) == [1]
    assert book.passed_over["wrong_way: same_vehicle"] >= 1


@pytest.mark.parametrize("about", [1, 2])
def test_a_replay_asks_for_one_track_whatever_a_part_of_the_scenes_makes_of_the_others(about: int) -> None:
    book = Rulebook(camera_file(rules=[AGAINST]), is_recording=True, about=about)
    assert claims_of_one_vehicle_under_two_numbers(book) == [about]
