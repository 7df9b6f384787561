"""What an auditor decides stays, and stands in the log; what no longer holds lapses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from api.actor import Actor
from api.errors import FindingClosedError, InputError
from api.people.errors import NotSignedInError
from models.tables import AuditRow, LoginSessionRow
from phatnguoi.bench.station_week import WeekPlan, station_week
from tests.api.audits.stations import FIRST, LAST, STATION, add_station, after_week, bring, bring_week, orders_csv
from tests.api.kit import SmallOffice, small_office

WEEK = station_week(WeekPlan(seed=5, visits=60, records=20, ghosts=2))


@pytest.fixture
def here(office_sqlite_path: Path, tmp_path: Path) -> Iterator[SmallOffice]:
    (tmp_path / "office.db").write_bytes(office_sqlite_path.read_bytes())
    small = small_office(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    small.clock.now = after_week()
    add_station(small.office)
    yield small
    small.office.close()


@pytest.fixture
def auditor(here: SmallOffice) -> Actor:
    auditor = here.person("auditor")
    bring_week(here.office, auditor, WEEK)
    here.office.audits.compare(auditor, STATION, FIRST, LAST)
    return auditor


def states(here: SmallOffice, auditor: Actor) -> dict[str | None, str]:
    return {line.record_number: line.state for line in here.office.audits.findings(auditor, STATION, FIRST, LAST)}


def test_a_decision_needs_a_reason_and_an_explanation_what_the_station_said(here: SmallOffice, auditor: Actor) -> None:
    finding = here.office.audits.findings(auditor, STATION, FIRST, LAST)[0]
    for state, reason, answer, field in (
        ("open", "vì sao", "", "state"), ("confirmed", " ", "", "reason"), ("explained", "vì sao", "", "answer"),
        ("rejected", "x" * 2001, "", "reason"),
    ):  # fmt: skip
        with pytest.raises(InputError) as refused:
            here.office.audits.decide(auditor, finding.id, state, reason, answer)
        assert refused.value.field == field
    assert set(states(here, auditor).values()) == {"open"}


def test_a_decision_is_made_once_and_stands_in_the_log(here: SmallOffice, auditor: Actor) -> None:
    finding = here.office.audits.findings(auditor, STATION, FIRST, LAST)[0]
    here.office.audits.note_answer(auditor, finding.id, "Bến đang kiểm tra lại")
    here.office.audits.decide(auditor, finding.id, "confirmed", "Không có xe", "")
    with pytest.raises(FindingClosedError):
        here.office.audits.decide(auditor, finding.id, "rejected", "đổi ý", "")
    _, page = here.office.audits.finding(auditor, finding.id)
    assert (page.line.state, page.answer) == ("confirmed", "Bến đang kiểm tra lại")
    with here.office.database.reading() as session:
        whats = [row.what for row in session.scalars(select(AuditRow).order_by(AuditRow.id))]
        assert [what for what in whats if what.startswith("finding_")] == [
            "finding_answered", "finding_confirmed", "finding_seen",
        ]  # fmt: skip
        rows = session.scalars(select(AuditRow)).all()
        assert all(finding.plate not in str(row.details) for row in rows)


def test_a_decision_needs_a_live_session(here: SmallOffice, auditor: Actor) -> None:
    finding = here.office.audits.findings(auditor, STATION, FIRST, LAST)[0]
    with here.office.database.writing() as session:
        session.get_one(LoginSessionRow, auditor.session_id).revoked_at = here.clock.now
    with pytest.raises(NotSignedInError):
        here.office.audits.decide(auditor, finding.id, "confirmed", "Không có xe", "")


def test_corrected_records_let_open_findings_lapse_and_leave_decided_ones(here: SmallOffice, auditor: Actor) -> None:
    decided, other = here.office.audits.findings(auditor, STATION, FIRST, LAST)
    here.office.audits.decide(auditor, decided.id, "confirmed", "Không có xe", "")
    ghosts = {decided.record_number, other.record_number}
    never_left = orders_csv([order for order in WEEK.orders if order.number in ghosts])
    body = b"\r\n".join(_unsigned(line) for line in never_left.split(b"\r\n"))
    bring(here.office, auditor, "transport_order", body)
    here.office.audits.compare(auditor, STATION, FIRST, LAST)
    assert states(here, auditor) == {decided.record_number: "confirmed", other.record_number: "lapsed"}
    standing = {line.is_standing for line in here.office.audits.findings(auditor, STATION, FIRST, LAST)}
    assert standing == {False}


def _unsigned(line: bytes) -> bytes:
    cells = line.split(b",")
    return line if len(cells) < 5 or cells[0] == b"id" else b",".join([*cells[:3], b"", cells[4]])


def test_comparing_again_finds_the_same_once(here: SmallOffice, auditor: Actor) -> None:
    before = here.office.audits.findings(auditor, STATION, FIRST, LAST)
    here.office.audits.compare(auditor, STATION, FIRST, LAST)
    assert here.office.audits.findings(auditor, STATION, FIRST, LAST) == before
