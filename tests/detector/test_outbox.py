"""From its commit on, a claim exists: whatever dies, and however often it is committed."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sqlite3
import statistics
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from detector import outbox as outbox_module
from detector.errors import ClaimMalformedError, MoveNotPossibleError, OutboxUnusableError
from detector.outbox import Outbox
from detector.outbox_rows import OutboxRow
from models.domain.frame import ClockState
from models.domain.store import StoredObject
from models.domain.submission import Submission
from tests.detector.kit import make_claim, other_claim

COMMIT_LIMIT_S = 0.2


class HandClock:
    """µs; moved by the test alone."""

    def __init__(self) -> None:
        self.now_us = 1_800_000_000_000_000

    def __call__(self) -> int:
        return self.now_us

    def turn(self, seconds: float) -> None:
        self.now_us += round(seconds * 1e6)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def outbox(tmp_path: Path, clock: HandClock) -> Outbox:
    return Outbox(tmp_path / "outbox.db", clock)


def _message(claim_id: str) -> Submission:
    stored = StoredObject(name="manifest.json", key="packages/a", version_id="1", sha256="0" * 64, length_bytes=1)
    return Submission(
        id=claim_id, camera_id="hn-ltk-hb", site_kind="police_device", rule="red_light", act_code="RED_LIGHT",
        vehicle="car", is_simulated=False, occurred_at_us=1, point_px16=(1, 1), box_px16=(0, 0, 1, 1), mode="live",
        manifest_sha256="0" * 64, objects=(stored,),
    )  # fmt: skip


def _due(outbox: Outbox, state: str) -> OutboxRow:
    row = outbox.next_due(state)  # type: ignore[arg-type]
    assert row is not None
    return row


def test_gives_back_the_claim_that_was_committed(outbox: Outbox) -> None:
    claim = make_claim()
    assert outbox.commit(claim)
    assert outbox.claim(claim.id) == claim


def test_a_claim_committed_twice_is_one(outbox: Outbox) -> None:
    assert outbox.commit(make_claim())
    assert not outbox.commit(make_claim())
    assert outbox.depths()["claimed"] == 1


def test_a_live_claim_is_due_when_the_packets_after_the_act_are_spooled(outbox: Outbox, clock: HandClock) -> None:
    claim = make_claim(act=70, beyond=80)
    outbox.commit(replace(claim, clock=ClockState("arrival", 1_000, settling=False)))
    clock.turn(4.9)
    assert outbox.next_due("claimed") is None
    clock.turn(0.1)
    row = _due(outbox, "claimed")
    assert row.wait_until_us == clock.now_us + 10_000_000


def test_walks_every_state_and_leaves_a_tombstone(outbox: Outbox) -> None:
    claim = make_claim()
    outbox.commit(claim)
    outbox.packaged(claim.id)
    outbox.stored(claim.id, _message(claim.id))
    outbox.submitted(claim.id, ask_in_us=0)
    row = _due(outbox, "submitted")
    assert row.message == _message(claim.id).model_dump_json()
    outbox.finish(row, "case", case_id="case-1")
    done = outbox.row(claim.id)
    assert done is not None
    assert (done.state, done.outcome, done.case_id, done.message) == ("done", "case", "case-1", None)
    assert outbox.outcomes() == [("case", "", 1)]
    assert outbox.oldest_age_s() is None
    with pytest.raises(MoveNotPossibleError, match="got no content"):
        outbox.claim(claim.id)


def test_a_claim_that_is_done_cannot_come_again(outbox: Outbox) -> None:
    claim = make_claim()
    outbox.commit(claim)
    outbox.finish(_due(outbox, "claimed"), "not_makeable", "packets_gone")
    assert not outbox.commit(claim)
    assert outbox.next_due("claimed") is None


def test_no_step_is_made_twice_or_out_of_order(outbox: Outbox) -> None:
    claim = make_claim()
    outbox.commit(claim)
    with pytest.raises(MoveNotPossibleError, match="expected packaged"):
        outbox.stored(claim.id, _message(claim.id))
    row = _due(outbox, "claimed")
    outbox.packaged(claim.id)
    with pytest.raises(MoveNotPossibleError, match="got another state, expected claimed"):
        outbox.finish(row, "refused")
    assert outbox.outcomes() == []


def test_a_try_that_kills_the_process_is_counted_and_one_that_ends_in_order_is_not(
    outbox: Outbox, clock: HandClock
) -> None:
    outbox.commit(make_claim())
    outbox.begin(_due(outbox, "claimed"), by_us=5_000_000)
    assert outbox.next_due("claimed") is None
    clock.turn(5)
    row = _due(outbox, "claimed")
    assert row.tries == 1
    outbox.begin(row, by_us=5_000_000)
    outbox.postpone(row, by_us=1_000_000)
    clock.turn(1)
    assert _due(outbox, "claimed").tries == 1


def test_a_claim_set_aside_keeps_its_content_and_is_loud(outbox: Outbox) -> None:
    claim = make_claim()
    outbox.commit(claim)
    outbox.set_aside(_due(outbox, "claimed"), "conflict", "the office has another manifest")
    assert outbox.claim(claim.id) == claim
    assert outbox.depths()["aside"] == 1
    assert outbox.outcomes() == [("aside", "conflict", 1)]


def test_tombstones_are_bounded_and_counts_stay(
    outbox: Outbox, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "TOMBSTONES_KEPT", 3)
    for number in range(5):
        outbox.commit(other_claim(number))
        outbox.finish(_due(outbox, "claimed"), "case")
        clock.turn(1)
    assert outbox.prune() == 2
    assert outbox.depths()["done"] == 3
    clock.turn(31 * 24 * 3600)
    assert outbox.prune() == 3
    assert outbox.outcomes() == [("case", "", 5)]


@pytest.mark.parametrize("content", [b"no database, " * 100, b""], ids=["another file", "an empty file"])
def test_a_file_that_is_no_outbox_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "outbox.db"
    path.write_bytes(content)
    if content:
        with pytest.raises(OutboxUnusableError, match="expected an outbox"):
            Outbox(path)
    else:
        assert Outbox(path).depths()["claimed"] == 0


def test_a_later_version_is_refused(tmp_path: Path) -> None:
    Outbox(tmp_path / "outbox.db").close()
    with sqlite3.connect(tmp_path / "outbox.db") as database:
        database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(OutboxUnusableError, match="got version 9, expected 1"):
        Outbox(tmp_path / "outbox.db")


def test_a_damaged_row_is_said_and_not_guessed(outbox: Outbox, tmp_path: Path) -> None:
    claim = make_claim()
    outbox.commit(claim)
    with sqlite3.connect(tmp_path / "outbox.db") as database:
        database.execute("UPDATE claims SET facts = replace(facts, 'motorcycle', 'tank')")
    database.close()
    with pytest.raises(ClaimMalformedError, match=r"violation\.vehicle"):
        outbox.claim(claim.id)


def _commit_many(path: Path, seed: int, link: Connection) -> None:
    outbox = Outbox(path)
    for number in range(seed * 1000, seed * 1000 + 1000):
        claim = other_claim(number)
        outbox.commit(claim)
        link.send(claim.id)


def test_what_was_committed_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    """Two processes commit; each is killed at a seeded instant; all that they said was committed is there, whole."""
    context = multiprocessing.get_context("spawn")
    path = tmp_path / "outbox.db"
    said: set[str] = set()
    for seed in range(2):
        here, there = context.Pipe(duplex=False)
        child = context.Process(target=_commit_many, args=(path, seed, there))
        child.start()
        there.close()
        said.add(here.recv())
        time.sleep(random.Random(seed).uniform(0.05, 0.3))
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        while here.poll():
            try:
                said.add(here.recv())
            except EOFError:
                break
        here.close()
    outbox = Outbox(path)
    kept = {row.id for row in outbox.rows("claimed")}
    assert len(said) > 10
    assert said <= kept
    assert len(kept) <= len(said) + 2
    for claim_id in kept:
        assert outbox.claim(claim_id).id == claim_id


def test_a_commit_is_far_quicker_than_it_must_be(tmp_path: Path) -> None:
    """A claim of 15 s of dense traffic; the limit is 200 ms after the rule fires."""
    outbox = Outbox(tmp_path / "outbox.db")
    scene = make_claim().scene * 40
    took_s = []
    for number in range(20):
        claim = replace(other_claim(number), scene=scene)
        begin_s = time.perf_counter()
        outbox.commit(claim)
        took_s.append(time.perf_counter() - begin_s)
    print(f"commit: median {1000 * statistics.median(took_s):.1f} ms, longest {1000 * max(took_s):.1f} ms")
    assert statistics.median(took_s) < COMMIT_LIMIT_S
