"""What a witness refuses, and that it forgets nothing."""

from __future__ import annotations

import base64
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from models.verify.keys import SigningKey, new_key
from models.verify.merkle import consistency_ranges, leaf_hash, node_hash, range_hash
from models.verify.notes import ED25519, Checkpoint, NoteKey, cosigned_at, parse_note, sign_checkpoint
from phatnguoi.witness.app import parse_request
from phatnguoi.witness.book import WitnessBook, WitnessRefusedError
from tests.attacks.kit import WITNESS_URL, Agency

ORIGIN = "log.example"
KEY = new_key()
WITNESS = new_key()


class Log:
    """A small log in memory."""

    def __init__(self, leaves: list[bytes], key: SigningKey = KEY) -> None:
        self._key = key
        self._levels = [[leaf_hash(leaf) for leaf in leaves]]
        while len(self._levels[-1]) > 1:
            row = self._levels[-1]
            self._levels.append([node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)])

    def _read(self, level: int, index: int) -> bytes:
        return self._levels[level][index]

    def note(self, size: int) -> str:
        return sign_checkpoint(Checkpoint(ORIGIN, size, range_hash((0, size), self._read)), self._key)

    def proof(self, old: int, size: int) -> list[bytes]:
        return [range_hash(part, self._read) for part in consistency_ranges(old, size)]


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


LEAVES = [f"leaf {number}".encode() for number in range(20)]
LOG = Log(LEAVES)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(tmp_path: Path, clock: Clock) -> WitnessBook:
    made = WitnessBook(tmp_path / "w.db", "w.example", WITNESS, (NoteKey(ORIGIN, ED25519, KEY.public),), clock)
    made.add(0, [], LOG.note(8))
    return made


def _code(book: WitnessBook, old: int, proof: list[bytes], note: str) -> str:
    with pytest.raises(WitnessRefusedError) as caught:
        book.add(old, proof, note)
    return caught.value.code


def test_a_log_that_only_grows_is_countersigned(book: WitnessBook, clock: Clock) -> None:
    clock.now += 5
    line = book.add(8, LOG.proof(8, 13), LOG.note(13))
    note = parse_note("answer", f"{LOG.note(13)}{line}\n")
    assert cosigned_at("answer", note, NoteKey("w.example", 4, WITNESS.public)) == clock.now
    assert book.add(13, [], LOG.note(13))  # asked again: the same state


def test_two_clients_shown_two_logs(book: WitnessBook) -> None:
    """The fork is refused, and both notes are kept: each bears the log's own signature."""
    fork = Log([*LEAVES[:7], b"another history", *LEAVES[8:]])
    assert _code(book, 8, [], fork.note(8)) == "forked"
    assert _code(book, 8, fork.proof(8, 13), fork.note(13)) == "not_consistent"
    assert book.refused() == [(ORIGIN, "forked"), (ORIGIN, "not_consistent")]


def test_a_checkpoint_rolled_back(book: WitnessBook) -> None:
    assert _code(book, 5, [], LOG.note(5)) == "rolled_back"
    assert _code(book, 0, [], LOG.note(5)) == "rolled_back"
    kept = book.newest(ORIGIN)
    assert kept is not None and kept.checkpoint.size == 8


@pytest.mark.parametrize(
    ("old", "proof", "note", "code"),
    [
        (5, LOG.proof(5, 13), LOG.note(13), "size_conflict"),
        (8, [], LOG.note(13), "not_consistent"),
        (8, LOG.proof(8, 14), LOG.note(13), "not_consistent"),
        (8, LOG.proof(8, 13), Log(LEAVES, new_key()).note(13), "signature_invalid"),
        (8, [], sign_checkpoint(Checkpoint("stranger", 9, b"x" * 32), KEY), "log_unknown"),
        (8, [], "no note at all", "malformed"),
    ],
)
def test_refuses(book: WitnessBook, old: int, proof: list[bytes], note: str, code: str) -> None:
    assert _code(book, old, proof, note) == code


def test_a_clock_set_back(book: WitnessBook, clock: Clock) -> None:
    clock.now -= 1
    assert _code(book, 8, LOG.proof(8, 13), LOG.note(13)) == "clock_set_back"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 1",
        b"old -1\n\nx",
        b"old 01\n\nx",
        b"old 1\n!!\n\nx",
        b"old 1\nAAAA\n\nx",
        b"\xff\n\nx",
        b"old 9" * 9999,
    ],
)
def test_a_hostile_request_is_malformed(body: bytes) -> None:
    with pytest.raises(WitnessRefusedError, match="malformed"):
        parse_request(body)


def test_too_many_hashes_are_refused() -> None:
    line = base64.b64encode(bytes(32)) + b"\n"
    with pytest.raises(WitnessRefusedError, match="malformed"):
        parse_request(b"old 1\n" + line * 64 + b"\nx")


def _add_for_ever(path: Path, said: str) -> None:
    """Countersigns ever larger checkpoints, and says of each that it was answered."""
    log = Log([f"leaf {number}".encode() for number in range(4096)])
    book = WitnessBook(path, "w.example", WITNESS, (NoteKey(ORIGIN, ED25519, KEY.public),), lambda: 5)
    size = 0
    with open(said, "a", buffering=1) as file:  # noqa: PTH123
        while size < 4096:
            book.add(size, log.proof(size, size + 1), log.note(size + 1))
            size += 1
            file.write(f"{size}\n")


def test_a_kill_makes_it_forget_nothing_that_it_said(tmp_path: Path) -> None:
    path, said = tmp_path / "w.db", tmp_path / "said"
    said.touch()
    process = multiprocessing.get_context("spawn").Process(target=_add_for_ever, args=(path, str(said)))
    process.start()
    deadline_s = time.monotonic() + 60
    while said.read_text().count("\n") < 5 and time.monotonic() < deadline_s:
        time.sleep(0.01)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    answered = [int(line) for line in said.read_text().split("\n")[:-1]]
    assert answered
    kept = WitnessBook(path, "w.example", WITNESS, (), lambda: 6).newest(ORIGIN)
    assert kept is not None and kept.checkpoint.size in (answered[-1], answered[-1] + 1)


@pytest.fixture
def agency(tmp_path: Path) -> Iterator[Agency]:
    made = Agency(tmp_path)
    yield made
    made.close()


def test_an_office_whose_database_lost_an_entry_gets_no_countersignature(agency: Agency) -> None:
    """Whoever removes an entry and builds the rest anew is found out at the next round."""
    agency.small.new_case()
    agency.settle()
    size = agency.book.newest("phatnguoi").checkpoint.size  # type: ignore[union-attr]
    with agency.small.office.database.writing() as session:
        tables = ("log_cosignatures", "log_checkpoints", "log_openings", "log_entries", "log_nodes")
        for table in tables:
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    for number in range(size + 3):  # a history of the same length, and more
        agency.small.new_case(point_px16=(4000 + 2000 * number, 3000))
    agency.settle()
    assert agency.book.newest("phatnguoi").checkpoint.size == size  # type: ignore[union-attr]
    assert {reason for _, reason in agency.book.refused()} == {"not_consistent"}


def test_the_witness_answers_as_the_protocol_says(agency: Agency) -> None:
    agency.small.new_case()
    agency.settle()
    kept = agency.book.newest("phatnguoi")
    assert kept is not None
    answer = agency.witness.post(f"{WITNESS_URL}/add-checkpoint", content=f"old 1\n\n{kept.note}".encode())
    assert (answer.status_code, answer.headers["content-type"]) == (409, "text/x.tlog.size; charset=utf-8")
    assert answer.text == f"{kept.checkpoint.size}\n"
    whole = agency.witness.get(f"{WITNESS_URL}/checkpoint?origin=phatnguoi").text
    assert cosigned_at("kept", parse_note("kept", whole), agency.witness_named) == agency.witness_now()
    assert agency.witness.get(f"{WITNESS_URL}/checkpoint?origin=none").status_code == 404


def test_an_office_that_forgot_how_far_its_witness_is_asks_again(agency: Agency) -> None:
    agency.small.new_case()
    agency.settle()
    with agency.small.office.database.writing() as session:
        session.connection().exec_driver_sql("DELETE FROM log_cosignatures")
    agency.small.clock.turn(timedelta(seconds=5))
    agency.small.new_case(point_px16=(9000, 3000))
    agency.settle()
    web = agency.small.office
    with web.database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM log_cosignatures").scalar_one() == 1
