"""Who looks at cases that are not theirs: a report for supervisors and auditors, out of the audit log."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from api.actor import Actor
from api.database import Database
from api.people.accounts import PEOPLE_LISTED, is_within, scope_of
from models.domain.cases import Role
from models.tables import AuditRow, PersonRow

CONSIDERED = timedelta(days=30)
CASES_USUAL = 20
"""Up to so many cases looked at without a task of one's own raise no question."""
TIMES_THE_PEERS = 3
VIEWS_OF_ONE_CASE = 5
PLATES_USUAL = 10


@dataclass(frozen=True, slots=True)
class Lookups:
    """What one person looked at in the last 30 days without having taken or decided it.

    Attributes:
        cases: how many cases.
        most_views: of one such case.
        plates: plates looked up.
        peers_median: of `cases`, among those who share a role; None: nobody does.
    """

    person_id: str
    username: str
    display_name: str
    roles: tuple[Role, ...]
    cases: int
    most_views: int
    plates: int
    peers_median: float | None

    @property
    def is_unusual(self) -> bool:
        """A question for the supervisor, not an answer."""
        is_more = self.cases > CASES_USUAL and self.cases > TIMES_THE_PEERS * (self.peers_median or 0)
        return is_more or self.most_views >= VIEWS_OF_ONE_CASE or self.plates >= PLATES_USUAL


class LookupReport:
    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def make(self, actor: Actor) -> Sequence[Lookups]:
        """One line for each person within the actor's own scope who looked anything up; the unusual ones first.

        Raises:
            NotAllowedError: neither supervisor nor auditor.
        """
        actor.needs("supervisor", "auditor")
        since = self._clock() - CONSIDERED
        with self._database.reading() as session:
            people = session.scalars(select(PersonRow).order_by(PersonRow.username).limit(PEOPLE_LISTED)).all()
            people = [row for row in people if is_within(actor, scope_of(row))]
            views = _views(session, since, [row.id for row in people])
            plates = _plates(session, since, [row.id for row in people])
        cases = {row.id: views.get(row.id, (0, 0))[0] for row in people}
        lines = [
            Lookups(
                person_id=row.id,
                username=row.username,
                display_name=row.display_name,
                roles=tuple(row.roles),
                cases=cases[row.id],
                most_views=views.get(row.id, (0, 0))[1],
                plates=plates.get(row.id, 0),
                peers_median=_peers_median(row, people, cases),
            )
            for row in people
            if row.id in views or row.id in plates
        ]
        return sorted(lines, key=lambda line: (not line.is_unusual, -line.cases, line.username))


def _views(session: Session, since: datetime, people: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Person → cases looked at that they never acted on, and the most views of one of them."""
    own = aliased(AuditRow)
    has_acted = (
        select(own.id)
        .where(own.case_id == AuditRow.case_id, own.person_id == AuditRow.person_id, own.what != "view")
        .exists()
    )
    each = (
        select(AuditRow.person_id, func.count().label("views"))
        .where(AuditRow.person_id.in_(people), AuditRow.at >= since, AuditRow.what == "view", ~has_acted)
        .group_by(AuditRow.person_id, AuditRow.case_id)
        .subquery()
    )
    rows = session.execute(select(each.c.person_id, func.count(), func.max(each.c.views)).group_by(each.c.person_id))
    return {row[0]: (row[1], row[2]) for row in rows}


def _plates(session: Session, since: datetime, people: Sequence[str]) -> dict[str, int]:
    rows = session.execute(
        select(AuditRow.person_id, func.count())
        .where(AuditRow.person_id.in_(people), AuditRow.at >= since, AuditRow.what == "plate_looked_up")
        .group_by(AuditRow.person_id)
    )
    return {str(row[0]): row[1] for row in rows}


def _peers_median(row: PersonRow, people: Sequence[PersonRow], cases: dict[str, int]) -> float | None:
    peers = [cases[each.id] for each in people if each.id != row.id and set(each.roles) & set(row.roles)]
    return statistics.median(peers) if peers else None
