"""A decision follows from its package, bit for bit, on any machine; and only from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import detector.rules.past
from detector.errors import PackageRefusedError, ReplayImpossibleError
from detector.evidence.claim import Claim, claim_facts, read_claim
from detector.evidence.package import check_decision
from detector.evidence.scene_lines import bounded, read_scene_lines
from detector.evidence.seal import manifest_of
from detector.impact import Change, impact
from detector.replay import read_recorded, replay
from detector.rule import RuleSettings, Site
from detector.rulebook import Rulebook, RuleFileError, known_rules, past_rules, rule_of
from models.domain.geometry import PointPx
from models.domain.scene import Scene
from models.domain.violation import Moment, Violation
from phatnguoi.main import main
from tests.conftest import ROOT
from tests.detector.replays import camera_file, claims, traffic, with_settings, write_package

FILE = camera_file()


@pytest.fixture(scope="module")
def made() -> list[Claim]:
    return [claim for seed in range(6) for claim in claims(FILE, traffic(seed))]


@pytest.fixture(scope="module")
def packages(made: list[Claim], tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("packages")
    for number, claim in enumerate(made):
        write_package(claim, root / f"{number:04d}")
    return root


def first_of(packages: Path, rule: str) -> Path:
    return next(folder for folder in sorted(packages.iterdir()) if read_recorded(folder).manifest.rule == rule)


def test_every_decision_is_made_again_bit_for_bit(packages: Path) -> None:
    replays = [replay(read_recorded(folder)) for folder in sorted(packages.iterdir())]
    assert len(replays) >= 60
    assert {made.stored["rule"] for made in replays} == {"red_light", "wrong_way"}
    assert [made.differences() for made in replays if not made.is_equal] == []


@pytest.mark.parametrize(("core", "threads"), [("Prescott", "1"), ("Haswell", "2")])
def test_another_processor_and_other_threads_give_the_same_bits(core: str, threads: str, packages: Path) -> None:
    environment = os.environ | {"OPENBLAS_CORETYPE": core, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
    command = [sys.executable, "-m", "phatnguoi.main", "replay", str(packages)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    count = len(list(packages.iterdir()))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"{count} of {count} equal"), done.stderr


def test_a_vehicle_that_waited_long_is_replayed_from_its_first_sight(made: list[Claim]) -> None:
    waited = [c for c in made if c.violation.moments[0].pts_us - read_scene_lines(c.scene)[0].pts_us > 7_000_000]
    assert waited
    for claim in waited:
        first = read_scene_lines(claim.scene)[0]
        assert {track.track_id for track in first.tracks} <= {claim.violation.track_id}
        check_decision(claim, manifest_of(claim, (), None).canonical())


def test_without_its_first_sight_the_decision_is_another_or_none(made: list[Claim]) -> None:
    """The test above can fail: the lead matters for some of them."""
    cut = [replace(c, scene=b"".join(c.scene.splitlines(keepends=True)[-12:])) for c in made]
    refused = 0
    for claim in cut:
        try:
            check_decision(claim, manifest_of(claim, (), None).canonical())
        except PackageRefusedError as error:
            assert error.reason == "not_reproducible"
            refused += 1
    assert refused > len(made) / 2


def test_the_package_holds_the_camera_without_its_address(packages: Path) -> None:
    for folder in packages.iterdir():
        content = (folder / "camera.json").read_text(encoding="utf-8")
        assert "rtsp" not in content
        assert "secret" not in content
        assert len(json.loads(content)["rules"]) == 1


def test_a_claim_keeps_its_camera_through_the_outbox(made: list[Claim]) -> None:
    assert read_claim(claim_facts(made[0]), made[0].scene) == made[0]


def _edit(folder: Path, tmp_path: Path, name: str, old: bytes, new: bytes) -> Path:
    """A copy whose file was changed, and whose manifest was made anew to fit: only the decision can tell."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    body = (copy / name).read_bytes()
    assert old in body
    (copy / name).write_bytes(body.replace(old, new, 1))
    return copy


def test_a_changed_scene_is_told_by_its_digest(packages: Path, tmp_path: Path) -> None:
    copy = _edit(first_of(packages, "red_light"), tmp_path, "scene.jsonl", b'"red"', b'"off"')
    with pytest.raises(ReplayImpossibleError, match=r"scene.jsonl: got SHA-256 .*, expected "):
        read_recorded(copy)


def test_a_changed_measurement_is_told_by_the_replay(packages: Path, tmp_path: Path) -> None:
    folder = first_of(packages, "red_light")
    into_us = read_recorded(folder).manifest.measurements["time_into_red_us"]
    old, new = f'"time_into_red_us":{into_us}'.encode(), f'"time_into_red_us":{into_us + 1}'.encode()
    made = replay(read_recorded(_edit(folder, tmp_path, "manifest.json", old, new)))
    assert not made.is_equal
    assert [line.partition(":")[0] for line in made.differences()] == ["measurements"]


def test_another_vehicle_is_told_by_the_replay(packages: Path, tmp_path: Path) -> None:
    folder = first_of(packages, "red_light")
    track_id = read_recorded(folder).manifest.track_id
    copy = _edit(folder, tmp_path, "manifest.json", f'"track_id":{track_id}'.encode(), b'"track_id":9999')
    assert replay(read_recorded(copy)).found is None


@pytest.mark.parametrize(
    ("name", "said"),
    [("scene.jsonl", "scene.jsonl: cannot be read"), ("camera.json", "camera.json: cannot be read")],
)
def test_without_a_file_nothing_can_be_told(name: str, said: str, packages: Path, tmp_path: Path) -> None:
    copy = _edit(first_of(packages, "red_light"), tmp_path, name, b"{", b"{")
    (copy / name).unlink()
    with pytest.raises(ReplayImpossibleError, match=said):
        read_recorded(copy)
    assert main(["replay", str(copy)]) == 2


def test_a_shortened_package_says_so(made: list[Claim], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claim = made[0]
    lines = claim.scene.splitlines(keepends=True)
    shortened = b'{"scenes_left_out":3}\n' + b"".join(lines)
    assert main(["replay", str(write_package(replace(claim, scene=shortened), tmp_path / "p"))]) == 0
    assert "the scene was shortened, 3 scenes before it were left out" in capsys.readouterr().out
    assert bounded(lines) == claim.scene


def test_the_command_tells_equal_from_different(
    packages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = first_of(packages, "wrong_way")
    assert main(["replay", str(folder)]) == 0
    frame = read_recorded(folder).manifest.frame_index
    old, new = f'"frame_index":{frame},"id"'.encode(), f'"frame_index":{frame + 1},"id"'.encode()
    assert main(["replay", str(_edit(folder, tmp_path, "manifest.json", old, new))]) == 1
    assert f"frame_index: got {frame}, expected {frame + 1}" in capsys.readouterr().out
    assert main(["replay", str(tmp_path / "nothing")]) == 2


def test_a_decision_that_does_not_follow_is_never_sealed(made: list[Claim]) -> None:
    claim = made[0]
    point = PointPx(claim.violation.point.x + 1, claim.violation.point.y)
    wrong = replace(claim, violation=replace(claim.violation, point=point))
    with pytest.raises(PackageRefusedError, match="not_reproducible: point_px16"):
        check_decision(wrong, manifest_of(wrong, (), None).canonical())


def test_a_version_that_is_not_here_cannot_be_replayed(packages: Path, tmp_path: Path) -> None:
    copy = _edit(first_of(packages, "red_light"), tmp_path, "manifest.json", b'"rule_version":', b'"rule_version":9')
    with pytest.raises(ReplayImpossibleError, match=r"red_light: got version 9\d, this program has version"):
        replay(read_recorded(copy))


GOLDEN = ROOT / "tests" / "detector" / "golden"


@pytest.mark.parametrize("folder", sorted(GOLDEN.iterdir()), ids=lambda folder: folder.name)
def test_golden_packages_of_past_versions_are_decided_as_they_were(folder: Path) -> None:
    recorded = read_recorded(folder)
    rule, version = recorded.manifest.rule, recorded.manifest.software.rule_version
    assert version < known_rules()[rule].version
    assert replay(recorded).differences() == []


def test_a_past_version_replays_what_it_claimed(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (ROOT / "detector" / "rules" / "wrong_way.py").read_text(encoding="utf-8")
    current = known_rules()["wrong_way"]
    now = current.version
    (tmp_path / f"wrong_way_v{now}.py").write_text(source, encoding="utf-8")
    monkeypatch.setattr(detector.rules.past, "__path__", [str(tmp_path)])
    monkeypatch.setattr(current, "version", now + 1)
    past_rules.cache_clear()
    try:
        recorded = read_recorded(first_of(packages, "wrong_way"))
        assert rule_of("wrong_way", now) is not current
        assert replay(recorded).is_equal
        (tmp_path / "wrong_way_v9.py").write_text(source, encoding="utf-8")
        past_rules.cache_clear()
        with pytest.raises(RuleFileError, match=f"wrong_way_v9: got wrong_way version {now}"):
            rule_of("wrong_way", now)
    finally:
        past_rules.cache_clear()
        sys.modules.pop(f"detector.rules.past.wrong_way_v{now}", None)
        sys.modules.pop("detector.rules.past.wrong_way_v9", None)


def test_impact_names_the_setting_that_makes_a_claim_fall(packages: Path) -> None:
    recorded = read_recorded(first_of(packages, "red_light"))
    into_s = recorded.manifest.measurements["time_into_red_us"] / 1e6
    stands = impact(recorded, Change(camera=with_settings(FILE, grace_s=min(5.0, into_s) / 2)))
    assert stands.outcome == "stands"
    falls = impact(recorded, Change(camera=with_settings(FILE, grace_s=5.0, unseen_s=0.71)))
    assert (falls.outcome, falls.reasons) == ("falls", ("grace_s: unset → 5.0",))


def test_impact_names_the_line_that_was_moved(packages: Path) -> None:
    recorded = read_recorded(first_of(packages, "red_light"))
    moved = camera_file(lines=[{"id": "stop", "points_px": [[100, 200], [500, 200]], "from_px": [300, 450]}])
    found = impact(recorded, Change(camera=moved))
    assert found.outcome in ("falls", "changes")
    assert found.reasons == ("lines stop",)


def test_impact_tells_a_rule_that_is_not_posted_any_more(packages: Path) -> None:
    found = impact(read_recorded(first_of(packages, "wrong_way")), Change(camera=camera_file(rules=[])))
    assert (found.outcome, found.reasons) == ("falls", ("rules: wrong_way is not posted any more",))


def test_the_impact_command_lists_what_falls_and_says_what_it_cannot_know(
    packages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.yaml"
    content = FILE.camera.model_dump(mode="json", by_alias=True)
    content["rules"][0]["grace_s"] = 5.0
    file.write_text(json.dumps(content), encoding="utf-8")
    assert main(["impact", str(packages), "--to", str(file)]) == 1
    said = capsys.readouterr().out
    assert "red_light falls: grace_s: unset → 5.0" in said
    assert "wrong_way falls" not in said
    assert "phatnguoi bench violations" in said
    assert main(["impact", str(packages), "--to", "red_light@1"]) == 0
    assert main(["impact", str(packages), "--to", "red_light@77"]) == 2


class LongMemory:
    """Claims a track in the scene at 60 s if anybody was seen at 35 s: no declared warm-up tells so."""

    code = "long_memory"
    version = 1
    settings_class = RuleSettings

    def __init__(self, settings: RuleSettings, site: Site) -> None:
        self._has_seen = False

    def observe(self, scene: Scene) -> Iterator[Violation]:
        self._has_seen = self._has_seen or (scene.pts_us == 35_000_000 and len(scene.tracks) > 0)
        if scene.pts_us == 60_000_000 and self._has_seen and scene.tracks:
            track = scene.tracks[-1]
            moment = Moment("at", scene.frame_index, scene.pts_us, track.box)
            moments = (replace(moment, name="before"), moment, replace(moment, name="beyond"))
            yield Violation(
                self.code, 1, None, track.track_id, "motorcycle", scene.frame_index, scene.pts_us,
                track.ground_contact, moments,
            )  # fmt: skip

    def forget(self, track_id: int) -> None:
        pass


def test_a_decision_that_reaches_further_back_than_declared_keeps_what_it_follows_from() -> None:
    file = camera_file(rules=[{"rule": "long_memory", "mode": "live"}])
    kept: list[Scene] = []
    deciding: tuple[Scene, ...] = ()
    book = Rulebook(file, is_recording=True, rules={"long_memory": LongMemory})
    for scene in traffic(3):
        kept.append(scene)
        for violation, _ in book.observe(scene):
            deciding = book.deciding_scenes(violation, kept)
    assert deciding[0].pts_us <= 35_000_000
    assert len(deciding) < len(kept)
