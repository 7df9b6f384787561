"""A year of the review office, hour by hour, through its real services with a clock that is moved."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.actor import Actor
from api.errors import CaseHeldError, CaseMovedError
from api.measures.known import KnownNegatives
from api.office import Office
from models.domain.cases import MoveNotAllowedError, Role
from models.domain.deadlines import local_day
from models.tables import AlarmRow, AuditRow, CaseRow, KnownNegativeRow, NoticeRow, SettledRow
from phatnguoi.bench.review_world import BEGIN, ZONE, Model, Truth, add_cameras, add_claim, add_people, typed_plate

ROLES: tuple[tuple[Role, ...], ...] = (("reviewer",), ("reviewer",), ("reviewer",), ("supervisor",))
"""Two reviewers look at every case that needs two; a third is needed for what two of them rejected and is shown again.
The supervisor settles what they dispute and nothing else: whoever decided a case before may not settle it."""
LOOKS_AGAIN = timedelta(minutes=20)
"""Whoever found nothing to do looks again so much later."""
OPENS_H = 8
SUNDAY = 6


@dataclass(slots=True)
class HandClock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class Year:
    """What is known of the year, apart from what the office knows."""

    office: Office
    clock: HandClock
    model: Model
    dice: random.Random
    people: list[Actor] = field(default_factory=list)
    truths: dict[str, Truth] = field(default_factory=dict)
    claims: int = 0

    def prepare(self) -> None:
        with self.office.database.writing() as session:
            self.people = add_people(session, self.clock.now, ROLES)
            add_cameras(session, self.clock.now, self.model)

    def run(self, days: int, claims_a_day: float) -> None:
        for day in range(days):
            self._pass_day(day, claims_a_day)

    def _pass_day(self, day: int, claims_a_day: float) -> None:
        """1. the night's jobs; 2. the claims of the day; 3. the people at work; 4. notices for what stands."""
        begin = BEGIN + timedelta(days=day)
        self.clock.now = begin
        self._jobs()  # 1
        count = int(claims_a_day * (day + 1)) - int(claims_a_day * day)
        arrivals = sorted(begin + timedelta(seconds=self.dice.uniform(0, 86_399)) for _ in range(count))
        closed_from, closed_for = self.model.closed_days
        is_open = begin.astimezone(ZoneInfo(ZONE)).weekday() != SUNDAY and not 0 <= day - closed_from < closed_for
        self._work(arrivals, begin, is_open=is_open)  # 2, 3
        if is_open:
            self._issue()  # 4

    def _jobs(self) -> None:
        office = self.office
        office.reviews.expire_due()
        while office.alarms.ring_deadlines():
            pass
        known = KnownNegatives(office.database, self.clock)
        while known.seed():
            pass

    def _work(self, arrivals: list[datetime], begin: datetime, *, is_open: bool) -> None:
        """Arrivals and people in the order of their times; a person takes, looks, and decides when the look is over."""
        opens = begin + timedelta(hours=OPENS_H)
        closes = opens + timedelta(hours=self.model.hours_a_day)
        turns: list[tuple[datetime, int, str]] = [(at, -1, "") for at in arrivals]
        turns += [(opens, number, "") for number in range(len(self.people))] if is_open else []
        heapq.heapify(turns)
        while turns:
            at, number, held = heapq.heappop(turns)
            self.clock.now = at
            if number < 0:
                self._arrive()
                continue
            self.office.reviews.take_effect()
            if held:
                self._decide(self.people[number], held)
            case_id = self._next(self.people[number]) if at < closes else None
            spent = timedelta(seconds=self.dice.lognormvariate(0, self.model.spread) * self.model.median_s)
            if case_id is not None:
                heapq.heappush(turns, (at + spent, number, case_id))
            elif at + LOOKS_AGAIN < closes:
                heapq.heappush(turns, (at + LOOKS_AGAIN, number, ""))
        self.clock.now = max(self.clock.now, closes) + timedelta(seconds=11)
        self.office.reviews.take_effect()

    def _next(self, actor: Actor) -> str | None:
        if "supervisor" not in actor.roles:
            return self.office.reviews.next_case(actor)
        for line in self.office.cases.queue(actor, ["disputed"]):
            self.office.reviews.take(actor, line.id)
            return line.id
        return None

    def _arrive(self) -> None:
        with self.office.database.writing() as session:
            case_id, truth = add_claim(session, self.clock.now, self.claims, self.model, self.dice)
        self.truths[case_id] = truth
        self.claims += 1

    def _truth(self, case_id: str) -> Truth:
        """Of a known negative: that two persons said no does not make it false; what it is, is its original's."""
        if case_id not in self.truths:
            with self.office.database.reading() as session:
                known = session.get_one(KnownNegativeRow, case_id)
            self.truths[case_id] = self.truths[known.original_case_id]
        return self.truths[case_id]

    def _decide(self, actor: Actor, case_id: str) -> None:
        truth, model = self._truth(case_id), self.model
        errs = self.dice.random() < (model.says_no_wrongly if truth.is_violation else model.says_yes_wrongly)
        try:
            if truth.is_violation != errs:
                plate = typed_plate(truth, model, self.dice)
                self.office.reviews.confirm(actor, case_id, plate=plate, vehicle="car", plate_colour="white")
            else:
                self.office.reviews.reject(actor, case_id, reason="NOT_AN_OFFENCE")
        except (CaseHeldError, CaseMovedError, MoveNotAllowedError):
            return  # the lease ended meanwhile

    def _issue(self) -> None:
        with self.office.database.reading() as session:
            ready = session.scalars(select(CaseRow.id).where(CaseRow.state == "confirmed")).all()
        for case_id in ready:
            self.office.notices.issue(self.people[-1], case_id)


def outcome(year: Year) -> dict[str, object]:
    """What came of the year, counted from the office's own tables and compared with the truth."""
    with year.office.database.reading() as session:
        known = _known(session, year)
        decided = _decided_in_time(session, year)
        notices = session.execute(
            select(CaseRow.id, CaseRow.plate).join(NoticeRow, NoticeRow.case_id == CaseRow.id)
        ).all()
        wrong_act = sum(not year.truths[case_id].is_violation for case_id, _ in notices)
        wrong_plate = sum(
            year.truths[case_id].is_violation and plate != year.truths[case_id].plate for case_id, plate in notices
        )
        settled = session.scalars(select(SettledRow)).all()
        wrongly_dropped = sum(row.outcome == "rejected" and year.truths[row.case_id].is_violation for row in settled)
        rows = session.execute(select(CaseRow.state, func.count()).group_by(CaseRow.state).order_by(CaseRow.state))
        states = {row[0]: row[1] for row in rows}
        return {
            "claims": year.claims,
            "states": states,
            "decided_in_10_days": decided,
            "notices": {"sent": len(notices), "wrong_act": wrong_act, "wrong_plate": wrong_plate},
            "second_looks": sum(row.second_person_id is not None for row in settled),
            "disputes": sum(row.supervisor_id is not None for row in settled),
            "true_claims_rejected": {"count": wrongly_dropped, "of": len(settled)},
            "known_negatives": known,
            "silent_expiries": _silent_expiries(session),
            "alarms": dict(Counter(session.scalars(select(AlarmRow.mark).where(AlarmRow.kind == "deadline")))),
        }


def _decided_in_time(session: Session, year: Year) -> dict[str, int]:
    """Of the claims that are at least ten days old: how many were settled by the tenth local day."""
    today = local_day(year.clock.now, ZONE)
    rows = session.execute(
        select(CaseRow.notice_due_on, SettledRow.settled_at)
        .outerjoin(SettledRow, SettledRow.case_id == CaseRow.id)
        .where(CaseRow.notice_due_on < today, CaseRow.id.not_in(select(KnownNegativeRow.case_id)))
    ).all()
    in_time = sum(settled_at is not None and local_day(settled_at, ZONE) <= due for due, settled_at in rows)
    return {"count": in_time, "of": len(rows)}


def _known(session: Session, year: Year) -> dict[str, int]:
    """Only those that are false: two persons may have been wrong about the others."""
    rows = session.scalars(select(KnownNegativeRow).where(KnownNegativeRow.decision.is_not(None))).all()
    false = [row for row in rows if not year.truths[row.original_case_id].is_violation]
    caught = sum(row.decision == "reject" for row in false)
    return {"caught": caught, "of": len(false), "shown_that_were_true": len(rows) - len(false)}


def _silent_expiries(session: Session) -> int:
    """Cases that ran out without an audit row of it, or without an alarm before."""
    rung = select(AlarmRow.subject).where(AlarmRow.kind == "deadline")
    logged = select(AuditRow.case_id).where(AuditRow.what == "expire")
    expired = select(func.count()).select_from(CaseRow).where(CaseRow.state == "expired")
    loud = expired.where(CaseRow.id.in_(rung), CaseRow.id.in_(logged))
    return (session.scalar(expired) or 0) - (session.scalar(loud) or 0)
