"""Pages of cases: the cost grows with the page, not with the table.

A page is merged from a few *arms*, each a range of one index in the order of the page: one for each state, and for
each camera group where a person sees only some. No arm gives more rows than the page has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, literal, select, text, tuple_, union_all
from sqlalchemy.orm import Session

from api.actor import Actor
from api.cases.repository import find_case, of_agency
from api.errors import InputError
from models.tables import CameraRow, CaseRow, NoticeRow

COUNTED = 1000
"""Nobody counts further than this: a tab then says "1000 or more"."""
MINE_SHOWN = 200
FOUND_SHOWN = 50


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Of the queue: one camera, or one rule, or both; None: all."""

    camera_id: str | None = None
    rule: str | None = None


EVERYTHING = QueueFilter()


def queue_page(
    session: Session,
    actor: Actor,
    states: Sequence[str],
    limit: int,
    after: str | None,
    wanted: QueueFilter = EVERYTHING,
) -> list[CaseRow]:
    """What runs out first on top; `after` is the id of the last line seen."""
    last = find_case(session, actor, after) if after is not None else None
    arms = []
    for condition in _arms(session, actor, states, wanted):
        arm = select(CaseRow.expires_at, CaseRow.id).where(*condition)
        if last is not None:
            arm = arm.where(tuple_(CaseRow.expires_at, CaseRow.id) > tuple_(last.expires_at, last.id))
        arms.append(arm.order_by(CaseRow.expires_at, CaseRow.id).limit(limit))
    return _merged(session, arms, limit)


def _merged(session: Session, arms: Sequence[Select[datetime, str]], limit: int) -> list[CaseRow]:
    if not arms:
        return []
    merged = union_all(*(select(arm.subquery()) for arm in arms)).subquery()
    keys = select(merged.c.id).order_by(merged.c.expires_at, merged.c.id).limit(limit)
    rows = session.scalars(select(CaseRow).where(CaseRow.id.in_(list(session.scalars(keys)))))
    return sorted(rows, key=lambda row: (row.expires_at, row.id))


def _arms(
    session: Session, actor: Actor, states: Sequence[str], wanted: QueueFilter
) -> Iterator[Sequence[ColumnElement[bool]]]:
    """The conditions of each arm; none where the camera asked for is not this person's business."""
    rule = () if wanted.rule is None else (CaseRow.rule == wanted.rule,)
    if wanted.camera_id is not None:
        camera = session.get(CameraRow, wanted.camera_id[:40])
        if camera is not None and actor.sees(camera.agency, camera.camera_group):
            yield from ((CaseRow.camera_id == camera.id, CaseRow.state == state, *rule) for state in states)
        return
    groups = [None] if actor.camera_groups is None else sorted(actor.camera_groups)
    for state in states:
        for group in groups:
            agency = () if actor.agency is None else (CaseRow.agency == actor.agency,)
            here = () if group is None else (CaseRow.camera_group == group,)
            yield (*agency, *here, CaseRow.state == state, *rule)


def state_counts(session: Session, actor: Actor, states: Sequence[str]) -> dict[str, int]:
    """How many cases are in each state, counted up to `COUNTED`."""
    counts = dict.fromkeys(states, 0)
    arms = [
        select(literal(state).label("state"), func.count().label("cases")).select_from(
            select(CaseRow.id).where(*condition).limit(COUNTED).subquery()
        )
        for state in states
        for condition in _arms(session, actor, [state], EVERYTHING)
    ]
    if arms:
        for state, count in session.execute(union_all(*arms)):
            counts[state] = min(COUNTED, counts[state] + count)
    return counts


def held_by(session: Session, actor: Actor, states: Sequence[str]) -> list[CaseRow]:
    """The cases that this person holds."""
    statement = select(CaseRow).where(CaseRow.assigned_to == actor.person_id, CaseRow.state.in_(states))
    return list(session.scalars(statement.order_by(CaseRow.expires_at, CaseRow.id).limit(MINE_SHOWN)))


def visible_cameras(session: Session, actor: Actor) -> Sequence[CameraRow]:
    """The cameras that this person may ask about, by name."""
    rows = session.scalars(select(CameraRow).order_by(CameraRow.name, CameraRow.id))
    return [row for row in rows if actor.sees(row.agency, row.camera_group)]


_SEEN_RULES = text(
    "WITH RECURSIVE seen (rule) AS (SELECT min(rule) FROM cases UNION ALL "
    "SELECT (SELECT min(cases.rule) FROM cases WHERE cases.rule > seen.rule) FROM seen WHERE seen.rule IS NOT NULL) "
    "SELECT rule FROM seen WHERE rule IS NOT NULL"
)


def seen_rules(session: Session) -> Sequence[str]:
    """The rules that there are cases of; jumps along the index from one to the next."""
    return list(session.scalars(_SEEN_RULES))


def find_number(session: Session, actor: Actor, number: str) -> list[CaseRow]:
    """The case of that number, or of the notice of that number."""
    of_notice = select(NoticeRow.case_id).where(NoticeRow.number == number)
    rows = session.scalars(select(CaseRow).where(of_agency(actor), CaseRow.number == number)).all()
    return list(rows or session.scalars(select(CaseRow).where(of_agency(actor), CaseRow.id.in_(of_notice))))


def find_plate(session: Session, actor: Actor, plate: str) -> list[CaseRow]:
    """The newest cases with this plate, as typed by a reviewer."""
    statement = select(CaseRow).where(CaseRow.plate == plate, of_agency(actor))
    return list(session.scalars(statement.order_by(CaseRow.occurred_at.desc(), CaseRow.id).limit(FOUND_SHOWN)))


def camera_page(
    session: Session, actor: Actor, camera_id: str, since: datetime, until: datetime, after: str | None
) -> list[CaseRow]:
    """The cases of one camera in a span of time, the oldest first; `after` is the id of the last line seen.

    Raises:
        InputError: field `camera`: no such camera, or not this person's business.
    """
    camera = session.get(CameraRow, camera_id[:40])
    if camera is None or not actor.sees(camera.agency, camera.camera_group):
        raise InputError("camera", "got an unknown camera, expected one of your agency and camera groups")
    statement = select(CaseRow).where(
        CaseRow.camera_id == camera.id, CaseRow.occurred_at >= since, CaseRow.occurred_at < until
    )
    if after is not None:
        last = find_case(session, actor, after)
        statement = statement.where(tuple_(CaseRow.occurred_at, CaseRow.id) > tuple_(last.occurred_at, last.id))
    return list(session.scalars(statement.order_by(CaseRow.occurred_at, CaseRow.id).limit(FOUND_SHOWN + 1)))
