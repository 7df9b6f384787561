"""The benchmark at work: noisy eyes, SUMO, plans, and the subset that CI holds against the kept result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.camera_file import CameraFile
from models.domain.geometry import BoxPx, PointPx
from models.domain.violation import Moment, Violation
from phatnguoi.bench.eyes import PERFECT, NoisyEyes
from phatnguoi.bench.noise import read_noise
from phatnguoi.bench.passages import Passages
from phatnguoi.bench.plan import PLAN_FILE, read_plan
from phatnguoi.bench.scoring import Act, NearMiss
from phatnguoi.bench.simulated import camera_file_of
from phatnguoi.bench.sumo.process import Program
from phatnguoi.bench.sumo.worlds import sumo_world
from phatnguoi.bench.trajectories import Clerk, run_world
from phatnguoi.bench.worlds import Instant, Mover
from phatnguoi.errors import CommandError
from phatnguoi.main import main
from streams.simulated.settings import TEST_SEEDS, parse_url

SETTINGS = parse_url("sim://crossing?seed=1005&fps=10&duration_s=20")


def driven(frame: int, mover_id: int = 1, kind: str = "motorcycle") -> Mover:
    """A motorbike that drives straight up the middle of the picture."""
    y = 520.0 - 4.0 * frame
    box = BoxPx(500, y - 90, 540, y)
    return Mover(mover_id, kind, box, 1.0, PointPx(520, y), 4.0, (40.0, 90.0))


def instants(count: int) -> Iterator[Instant]:
    for frame in range(count):
        yield Instant(frame, frame / 10, {"main": "red"}, [driven(frame)])


def eyes(**changes: object) -> NoisyEyes:
    return NoisyEyes(changes.get("noise", PERFECT), 7, (960, 540), 10.0)  # type: ignore[arg-type]


def test_perfect_eyes_see_every_box_where_it_is_under_one_id() -> None:
    look = eyes()
    for instant in instants(40):
        for track in look.look(instant).tracks:
            assert (track.track_id, track.vehicle, track.box) == (1, "motorcycle", instant.movers[0].box)
    assert look.faults["seen"] >= 38 and look.faults["missed"] == 0


def test_the_same_seed_gives_the_same_noise_and_noise_does_something() -> None:
    noise = read_noise()
    first, second, perfect = (
        [look.look(instant) for instant in instants(100)] for look in (eyes(noise=noise), eyes(noise=noise), eyes())
    )
    assert first == second != perfect


def test_a_track_that_nobody_carries_any_more_ends_once() -> None:
    look = eyes()
    ended = [track_id for instant in instants(20) for track_id in look.look(instant).ended]
    ended += [track_id for frame in range(20, 60) for track_id in look.look(Instant(frame, frame / 10, {}, [])).ended]
    assert ended == [1]


@pytest.fixture(scope="module")
def crossing() -> CameraFile:
    return camera_file_of(SETTINGS)


def test_who_crosses_the_line_is_a_lawful_passage_unless_guilty_or_on_foot(crossing: CameraFile) -> None:
    seen = Passages(crossing.camera)
    for instant in instants(100):
        frame = instant.frame_index
        others = [driven(frame, 2), driven(frame, 3, "person")]
        seen.see(instant._replace(movers=[*instant.movers, *others]))
    assert seen.lawful([])["red_light"] == 2
    assert seen.lawful([Act("red_light", 1, 0, 0, 0)])["red_light"] == 1


class Fixed:
    """A world of given instants."""

    name, fps, frame_count = "fixed", 10.0, 200

    def __init__(self, file: CameraFile, rows: list[Instant], acts: list[Act]) -> None:
        self.file, self._rows, self._acts = file, rows, acts

    def instants(self) -> Iterator[Instant]:
        yield from self._rows

    def acts(self) -> tuple[list[Act], list[NearMiss]]:
        return self._acts, []


def rows(lamp: str) -> list[Instant]:
    """Waits for 6 s, then drives over the line."""
    return [
        Instant(frame, frame / 10, {"main": lamp}, [driven(max(0, frame - 60))])  # type: ignore[dict-item]
        for frame in range(200)
    ]


def test_a_run_finds_the_act_and_counts_the_same_drive_without_an_act_as_false(crossing: CameraFile) -> None:
    (claim,) = run_world(Fixed(crossing, rows("red"), []), PERFECT, "day").score.judged
    assert (claim.claim.rule, claim.verdict, claim.why) == ("red_light", "false", "lawful")
    act = Act("red_light", 1, claim.claim.at_s, claim.claim.at_s, claim.claim.at_s)
    clip = run_world(Fixed(crossing, rows("red"), [act]), PERFECT, "day")
    assert clip.tally["red_light", "day"].found == 1
    assert run_world(Fixed(crossing, rows("green"), []), PERFECT, "day").score.judged == ()


def test_sumo_knows_who_ran_the_lamp_and_perfect_eyes_accuse_nobody_else() -> None:
    pytest.importorskip("sumo")
    clip = run_world(sumo_world("sumo://junction?seed=3&duration_s=600"), PERFECT, "junction")
    assert clip.tally["red_light", "junction"].lawful > 300
    assert [one for one in clip.score.judged if one.verdict == "false"] == []


def test_the_lamp_of_sumo_is_told_with_its_age() -> None:
    program = Program((("G", 34.0), ("y", 3.0), ("r", 2.0), ("r", 17.0)))
    assert [program.at(t_s) for t_s in (0.0, 34.5, 37.0, 40.0, 55.9, 56.0)] == [
        ("G", 0.0), ("y", 0.5), ("r", 0.0), ("r", 3.0), ("r", pytest.approx(18.9)), ("G", 0.0),
    ]  # fmt: skip


def test_the_plan_uses_test_seeds_only_and_no_seed_under_two_conditions() -> None:
    plan = read_plan(PLAN_FILE)
    for section in (plan.trajectories, plan.video):
        used = [parse_url(address).seed for stretch in section for address in stretch.addresses("full")]
        assert set(used) <= set(TEST_SEEDS)
        assert len(used) == len(set(used))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[sumo]]\ncondition = 1", "got 1"),
        ("[[video]]\ncondition = 'day'\nworld = 'w'\nfirst_seed = 1\nspeed = 3", "speed"),
        ("[[video", "no valid TOML"),
    ],
)
def test_a_bad_plan_is_one_line(text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    assert main(["bench", "violations", "--plan", str(path), "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert message in said and str(path) in said and said.count("\n") == 1


def test_an_unknown_world_of_sumo_is_one_line() -> None:
    with pytest.raises(CommandError, match="WORLD one of: junction"):
        sumo_world("sumo://roundabout?seed=1&duration_s=10")


def test_noise_is_measured_on_no_seed_that_is_used_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "noise", "--seeds", "1000", "1001"]) == 2
    assert "200000..209999" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_rule_falls_below_the_kept_result(tmp_path: Path) -> None:
    """The subset for CI, held against docs/results/violations-ci.json."""
    pytest.importorskip("sumo")
    only = [word for section in ("sumo", "trajectories", "video") for word in ("--only", section)]
    assert main(["bench", "violations", "--subset", "ci", *only, "--check", "--out", str(tmp_path)]) == 0


def test_a_stated_speed_is_held_against_the_mean_true_speed_of_its_stretch() -> None:
    clerk = Clerk(10.0)
    for instant in instants(20):
        clerk.see(instant)
    box = driven(10).box
    assert box is not None
    moments = tuple(
        Moment(name, frame, frame * 100_000, box) for name, frame in (("before", 5), ("at", 10), ("beyond", 15))
    )
    for stated, u95, holds in ((14_900, 600, True), (14_900, 400, False)):
        measured = {"speed_m_h": stated, "u95_m_h": u95}
        clerk.note(
            Violation("speeding", 1, None, 1, "car", 10, 1_000_000, PointPx(520, 480), moments, measured), 1_500_000
        )  # type: ignore[arg-type]
        assert clerk.claims[-1].speed_error == (pytest.approx(0.5), holds)
