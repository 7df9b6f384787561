"""A few days of the simulated year: what its result says of the office can be told from its tables, and can fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phatnguoi.bench import review_world
from phatnguoi.bench.review_command import simulate
from phatnguoi.bench.review_world import Model

DAYS = 4
CLAIMS_A_YEAR = 2200


def few_days(folder: Path, monkeypatch: pytest.MonkeyPatch, model: Model) -> dict[str, Any]:
    monkeypatch.setattr("phatnguoi.bench.review_command.Model", lambda: model)
    outcome = simulate(folder, DAYS, CLAIMS_A_YEAR, seed=3)["outcome"]
    assert isinstance(outcome, dict)
    return outcome


@pytest.mark.slow
def test_people_who_never_err_send_every_true_claim_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = few_days(tmp_path, monkeypatch, Model(says_yes_wrongly=0, says_no_wrongly=0, mistypes=0))
    assert outcome["notices"]["wrong_act"] == outcome["notices"]["wrong_plate"] == 0
    assert outcome["true_claims_rejected"]["count"] == outcome["disputes"] == outcome["silent_expiries"] == 0
    assert outcome["notices"]["sent"] > CLAIMS_A_YEAR * DAYS / 365 / 2
    assert outcome["second_looks"] >= outcome["notices"]["sent"], "nothing is proven yet: every yes is looked at again"


@pytest.mark.slow
def test_people_who_always_say_yes_are_seen_in_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cameras = tuple((rule, act, 0.5) for rule, act, _ in review_world.CLAIMS)
    outcome = few_days(
        tmp_path, monkeypatch, Model(says_yes_wrongly=1.0, says_no_wrongly=0, mistypes=0, cameras=cameras)
    )
    assert outcome["notices"]["wrong_act"] > 0
    assert outcome["true_claims_rejected"]["count"] == 0
