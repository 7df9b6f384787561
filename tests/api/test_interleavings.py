"""Two reviewers and a supervisor at once, in random order: no case is decided twice, none is lost."""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from api.actor import Actor
from api.errors import ConflictError
from models.domain.cases import MOVES, MoveNotAllowedError
from models.tables import AuditRow, CaseRow, DecisionRow, SettledRow
from tests.api.kit import SmallOffice, small_office

ROUNDS = int(os.environ.get("PHATNGUOI_INTERLEAVINGS", "10"))
FIRST_SEED = int(os.environ.get("PHATNGUOI_INTERLEAVINGS_SEED", "0"))
CASES_A_ROUND = 2
STEPS = 8
TYPED = {"plate": "75-B1 123.45", "vehicle": "motorcycle", "plate_colour": "white"}
Step = Callable[[Actor, str], object]


@pytest.fixture
def busy(database_url: str, tmp_path: Path) -> Iterator[SmallOffice]:
    small = small_office(database_url, tmp_path, decision_effect_s=10.0, second_review=True, sample_key="k" * 32)
    yield small
    small.office.close()


def steps_of(here: SmallOffice) -> dict[str, Step]:
    reviews = here.office.reviews

    def wait(actor: Actor, case_id: str) -> None:
        here.clock.turn(timedelta(seconds=6))
        reviews.take_effect()

    return {
        "take": reviews.take,
        "release": reviews.release,
        "confirm": lambda actor, case_id: reviews.confirm(actor, case_id, **TYPED),
        "reject": lambda actor, case_id: reviews.reject(actor, case_id, reason="PERMITTED_TURN"),
        "undo": reviews.undo,
        "wait": wait,
        "next": lambda actor, case_id: reviews.next_case(actor),
    }


WEIGHTS = {"take": 5, "release": 1, "confirm": 5, "reject": 2, "undo": 1, "wait": 4, "next": 2}


def run_at_once(here: SmallOffice, people: list[Actor], cases: list[str], seed: int) -> list[BaseException]:
    """Each person does a random row of steps, all at the same time; what no rule of the office explains is returned."""
    steps, surprises = steps_of(here), []
    barrier = threading.Barrier(len(people))

    def run(number: int, actor: Actor) -> None:
        draw = random.Random(seed * 10 + number)
        barrier.wait()
        for name in draw.choices(list(WEIGHTS), list(WEIGHTS.values()), k=STEPS):
            try:
                steps[name](actor, draw.choice(cases))
            except (ConflictError, MoveNotAllowedError):
                continue
            except Exception as error:  # noqa: BLE001
                surprises.append(error)

    threads = [threading.Thread(target=run, args=(number, actor)) for number, actor in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return surprises


def check_history(here: SmallOffice, case_id: str) -> None:
    """The audit rows are one chain of moves of the one table; of every stage one decision stands, each by another."""
    table = {(move.name, move.source, move.target) for move in MOVES} | {
        (name, state, state) for name in ("take", "release") for state in ("second_review", "disputed")
    }
    with here.office.database.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.case_id == case_id).order_by(AuditRow.id)).all()
        state = "new"
        for row in rows:
            if row.source is None:
                continue
            assert row.source == state, f"{row.what}: from {row.source}, expected {state}"
            assert (row.what, row.source, row.target) in table
            state = str(row.target)
        assert session.get_one(CaseRow, case_id).state == state
        standing = select(DecisionRow).where(DecisionRow.case_id == case_id, DecisionRow.effect != "undone")
        stages = Counter(row.stage for row in session.scalars(standing))
        assert all(count == 1 for count in stages.values()), stages
        settled = session.get(SettledRow, case_id)
        assert (settled is not None) == (state in ("confirmed", "rejected"))
        if settled is not None:
            persons = [p for p in (settled.first_person_id, settled.second_person_id, settled.supervisor_id) if p]
            assert len(set(persons)) == len(persons)


def finish(here: SmallOffice, cases: list[str]) -> None:
    """Fresh people bring every case to its end: none was lost on the way."""
    here.clock.turn(timedelta(minutes=31))
    here.office.reviews.take_effect()
    here.office.reviews.release_lapsed()
    for _ in range(3):
        fresh = here.person("reviewer", "supervisor")
        while (case_id := here.office.reviews.next_case(fresh)) is not None:
            here.office.reviews.reject(fresh, case_id, reason="PERMITTED_TURN")
        here.clock.turn(timedelta(seconds=10))
        here.office.reviews.take_effect()
    assert {here.state(case_id) for case_id in cases} <= {"confirmed", "rejected"}


@pytest.mark.slow
@pytest.mark.timeout(60 + 10 * ROUNDS)
def test_no_case_is_decided_twice_and_none_is_lost(busy: SmallOffice) -> None:
    people = [busy.person("reviewer"), busy.person("reviewer"), busy.person("reviewer", "supervisor")]
    outcomes: Counter[str] = Counter()
    for seed in range(FIRST_SEED, FIRST_SEED + ROUNDS):
        cases = [
            busy.new_case(
                occurred_at=busy.clock.now - timedelta(minutes=1), point_px16=(100 + 3000 * number, 3000 + seed)
            )
            for number in range(CASES_A_ROUND)
        ]
        assert run_at_once(busy, people, cases, seed) == []
        for case_id in cases:
            check_history(busy, case_id)
            outcomes[busy.state(case_id)] += 1
        finish(busy, cases)
        for case_id in cases:
            check_history(busy, case_id)
    assert len(outcomes) >= 3, f"got only {outcomes}, expected the steps to reach many states"
