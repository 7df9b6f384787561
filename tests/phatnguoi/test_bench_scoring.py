"""How claims are counted: intervals, whom a claim is about; found, false or borderline. By hand-made cases."""

from __future__ import annotations

import pytest

from models.domain.geometry import BoxPx
from phatnguoi.bench.check import complaints
from phatnguoi.bench.rates import Rate, quantile
from phatnguoi.bench.scoring import Act, Claim, NearMiss, judge, mover_of
from phatnguoi.bench.tally import Tally, merge, tally_of

LENGTH_S = 60.0


def act(mover: int = 1, at_s: float = 20.0, *, to_s: float | None = None, borderline: bool = False) -> Act:
    return Act("red_light", mover, at_s, to_s or at_s, at_s, "runs_red", borderline)


def claim(mover: int | None = 1, at_s: float = 20.0, rule: str = "red_light") -> Claim:
    return Claim(rule, mover, at_s, at_s + 0.7)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (0, 0, 0.0, 1.0),
        (10, 10, 0.7225, 1.0),
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (0, 300_000, 0.0, 1.28e-5),
    ],
)
def test_wilson_intervals_agree_with_the_tables(k: int, n: int, low: float, high: float) -> None:
    assert Rate(k, n).interval == pytest.approx((low, high), abs=6e-5)


def test_a_share_of_nothing_is_none_and_never_one() -> None:
    assert Rate(0, 0).share is None
    assert str(Rate(0, 0)) == "–"


@pytest.mark.parametrize(("share", "expected"), [(0.5, 3.0), (0.95, 5.0), (0.2, 1.0)])
def test_quantiles_are_values_that_occurred(share: float, expected: float) -> None:
    assert quantile([5.0, 1.0, 3.0, 2.0, 4.0], share) == expected
    assert quantile([], share) is None


def test_a_claim_is_about_the_mover_that_its_box_covers_best_or_about_nobody() -> None:
    near, far = BoxPx(0, 0, 10, 10), BoxPx(6, 0, 16, 10)
    assert mover_of(BoxPx(1, 0, 11, 10), [(7, near), (8, far)]) == 7
    assert mover_of(BoxPx(100, 0, 110, 10), [(7, near), (8, far)]) is None


VERDICTS = {
    "the right mover at the right time": (claim(), [act()], [], "found", ""),
    "within the span of an act that lasts": (claim(at_s=30.0), [act(at_s=20.0, to_s=30.5)], [], "found", ""),
    "two seconds late is still the act": (claim(at_s=22.0), [act()], [], "found", ""),
    "later is not": (claim(at_s=22.1), [act()], [], "false", "wrong_time"),
    "another mover": (claim(2), [act()], [], "false", "lawful"),
    "another rule": (claim(rule="wrong_way"), [act()], [], "false", "lawful"),
    "nobody stands there": (claim(None), [act()], [], "false", "nobody"),
    "a near-miss of this rule": (claim(), [], [NearMiss("amber_pass", "red_light", 1, 19.0)], "false",
                                 "near_miss:amber_pass"),
    "a near-miss of another rule is no excuse": (claim(), [], [NearMiss("u", "u_turn", 1, 19.0)], "false", "lawful"),
    "a near-miss long ago": (claim(), [], [NearMiss("amber_pass", "red_light", 1, 9.0)], "false", "lawful"),
    "a borderline act": (claim(), [act(borderline=True)], [], "borderline", ""),
    "an act that the clip's beginning cuts off": (claim(at_s=2.0), [act(at_s=2.0)], [], "borderline", ""),
    "an act that the clip's end cuts off": (claim(at_s=58.0), [act(at_s=58.0)], [], "borderline", ""),
}  # fmt: skip


@pytest.mark.parametrize(("one", "acts", "near", "verdict", "why"), VERDICTS.values(), ids=VERDICTS.keys())
def test_a_claim_is(one: Claim, acts: list[Act], near: list[NearMiss], verdict: str, why: str) -> None:
    (judged,) = judge([one], acts, near, LENGTH_S).judged
    assert (judged.verdict, judged.why) == (verdict, why)


def test_one_act_is_found_once_and_the_second_claim_of_it_is_false() -> None:
    score = judge([claim(), claim()], [act()], [], LENGTH_S)
    assert [one.verdict for one in score.judged] == ["found", "false"]
    assert score.judged[1].why == "double"
    assert score.missed == ()


def test_two_acts_of_one_mover_are_two_and_each_claim_finds_its_own() -> None:
    first, second = act(at_s=20.0), act(at_s=40.0)
    score = judge([claim(at_s=40.1)], [first, second], [], LENGTH_S)
    assert score.missed == (first,)


def test_borderline_and_cut_off_acts_are_neither_found_nor_missed() -> None:
    score = judge([], [act(borderline=True), act(2, 1.0), act(3, 59.0)], [], LENGTH_S)
    assert (score.acts, score.missed) == ((), ())


def counted() -> Tally:
    near = [NearMiss("amber_pass", "red_light", 5, 30.0), NearMiss("stopped_close", "stop_line", 5, 30.0)]
    score = judge([claim(), claim(5, 30.5), claim(9)], [act(), act(2)], near, LENGTH_S)
    return tally_of(score, ["red_light"], "day", {"red_light": 50}, LENGTH_S, "here")


def test_a_cell_counts_rates_passages_hours_and_fired_near_misses() -> None:
    cell = counted()["red_light", "day"].as_dict()
    assert (cell["violations"], cell["found"], cell["missed"], cell["false"]) == (2, 1, 1, 2)
    assert (cell["recall"]["k"], cell["recall"]["n"], cell["precision"]["n"]) == (1, 2, 3)
    assert cell["false_per_100000_lawful"] == 4000.0
    assert cell["false_per_camera_hour"] == pytest.approx(120, abs=0.1)
    assert cell["near_misses"] == cell["near_misses_fired"] == {"amber_pass": 1}
    assert cell["false_why"] == {"near_miss:amber_pass": 1, "lawful": 1}
    assert cell["delay_s"]["median"] == pytest.approx(0.7)


def test_cells_add_up() -> None:
    total: Tally = {}
    merge(total, counted())
    merge(total, counted())
    cell = total["red_light", "day"]
    assert (cell.violations, cell.found, cell.false, cell.lawful, cell.camera_s) == (4, 2, 4, 100, 120.0)


def result(found: int, of: int, false: int, fired: int = 0) -> dict[str, object]:
    near = [NearMiss("amber_pass", "red_light", 500 + n, 20.0) for n in range(10)]
    claims = [claim(n) for n in range(found)] + [claim(300 + n) for n in range(false)]
    claims += [claim(500 + n) for n in range(fired)]
    score = judge(claims, [act(n) for n in range(of)], near, LENGTH_S)
    tally = tally_of(score, ["red_light"], "day", {"red_light": 1000}, LENGTH_S, "here")
    return {"video": {"rules": {"red_light": {"day": tally["red_light", "day"].as_dict()}}}}


DROPS = {
    "the same": (result(45, 50, 0), []),
    "within the interval": (result(42, 50, 0), []),
    "recall below it": (result(35, 50, 0), ["recall"]),
    "precision below it": (result(45, 50, 20), ["precision", "false per 100,000"]),
    "a near-miss fires": (result(45, 50, 0, fired=1), ["near-miss amber_pass"]),
}


@pytest.mark.parametrize(("now", "expected"), DROPS.values(), ids=DROPS.keys())
def test_a_result_is_held_against_the_kept_one(now: dict[str, object], expected: list[str]) -> None:
    found = complaints(result(45, 50, 0), now)
    assert len(found) == len(expected)
    assert all(word in text for word, text in zip(expected, found, strict=True))


def test_a_rule_that_is_gone_is_a_drop() -> None:
    assert complaints(result(45, 50, 0), {"video": {"rules": {}}}) == ["video red_light day: gone"]
