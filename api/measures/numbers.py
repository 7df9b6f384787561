"""The numbers of review, out of what was decided: by camera and rule, by pair of reviewers, by reviewer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.actor import Actor
from api.cases.listing import visible_cameras
from api.database import Database
from api.measures.schemas import Agreement, CameraNumbers, Measures, ReviewerNumbers
from models.domain.acceptance import NOT_THE_MACHINES_FAULT
from models.domain.review import Interval, kappa
from models.domain.rubber_stamp import HASTY_S, is_rubber_stamp
from models.tables import CameraRow, CaseRow, KnownNegativeRow, PersonRow, ReviewRow, SettledRow

CONSIDERED = 50_000
"""The newest settled cases, and the newest decisions, that one answer looks at."""


class MeasureService:
    """What supervisors and auditors may ask about how the office reviews."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def measures(self, actor: Actor, since: datetime, until: datetime) -> Measures:
        """Over the cases settled, and the decisions written, from `since` up to `until`.

        Raises:
            NotAllowedError: neither supervisor nor auditor.
        """
        actor.needs("supervisor", "auditor")
        with self._database.reading() as session:
            cameras = {camera.id: camera for camera in visible_cameras(session, actor)}
            settled = _settled(session, cameras, since, until)
            names = {row.id: row.username for row in session.scalars(select(PersonRow))}
            return Measures(
                tuple(camera_numbers(cameras, settled)),
                tuple(agreements(settled, names)),
                tuple(reviewer_numbers(session, cameras, names, since, until)),
            )


def _settled(
    session: Session, cameras: Mapping[str, CameraRow], since: datetime, until: datetime
) -> Sequence[SettledRow]:
    statement = select(SettledRow).where(
        SettledRow.camera_id.in_(list(cameras)), SettledRow.settled_at >= since, SettledRow.settled_at < until
    )
    return session.scalars(statement.order_by(SettledRow.settled_at.desc()).limit(CONSIDERED)).all()


def camera_numbers(cameras: Mapping[str, CameraRow], settled: Iterable[SettledRow]) -> Iterable[CameraNumbers]:
    """One line a camera and rule."""
    groups: dict[tuple[str, str], list[SettledRow]] = defaultdict(list)
    for row in settled:
        groups[row.camera_id, row.rule].append(row)
    for (camera_id, rule), rows in sorted(groups.items()):
        reasons = Counter(row.reason or "" for row in rows if row.outcome == "rejected")
        again = [row for row in rows if row.is_error is not None]
        yield CameraNumbers(
            camera_id=camera_id,
            camera_name=cameras[camera_id].name,
            rule=rule,
            issued=Interval(sum(row.outcome == "confirmed" for row in rows), len(rows)),
            reasons=tuple(sorted(reasons.items(), key=lambda entry: (-entry[1], entry[0]))),
            wrong=wrong_claims(rows),
            first_wrong=Interval(sum(row.is_error is True for row in again), len(again)),
        )


def wrong_claims(rows: Sequence[SettledRow]) -> Interval:
    """Claims that were rejected for a reason that blames the camera or the rule, of all."""
    wrong = sum(row.outcome == "rejected" and row.reason not in NOT_THE_MACHINES_FAULT for row in rows)
    return Interval(wrong, len(rows))


def agreements(settled: Iterable[SettledRow], names: Mapping[str, str]) -> Iterable[Agreement]:
    """One line a rule and pair of persons who both looked; who looked first is not told apart."""
    pairs: dict[tuple[str, str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for row in settled:
        if row.second_person_id is not None and row.second_decision is not None:
            said = [
                (names[row.first_person_id], row.first_decision),
                (names[row.second_person_id], row.second_decision),
            ]
            (first, yes), (second, also) = sorted(said)
            pairs[row.rule, first, second][yes, also] += 1
    for (rule, first, second), counts in sorted(pairs.items()):
        cells = [counts[a, b] for a in ("confirm", "reject") for b in ("confirm", "reject")]
        yield Agreement(rule, first, second, sum(cells), Interval(cells[0] + cells[3], sum(cells)), kappa(*cells))


def reviewer_numbers(
    session: Session, cameras: Mapping[str, CameraRow], names: Mapping[str, str], since: datetime, until: datetime
) -> Iterable[ReviewerNumbers]:
    """One line a person who decided anything."""
    rows = session.execute(
        select(ReviewRow.person_id, ReviewRow.decision, ReviewRow.taken_at, ReviewRow.decided_at)
        .join(CaseRow, CaseRow.id == ReviewRow.case_id)
        .where(
            CaseRow.camera_id.in_(list(cameras)),
            ReviewRow.decision.in_(("confirm", "reject")),
            ReviewRow.decided_at >= since,
            ReviewRow.decided_at < until,
        )
        .order_by(ReviewRow.decided_at.desc())
        .limit(CONSIDERED)
    ).all()
    known = _known(session, cameras, since, until)
    by_person: dict[str, list[tuple[str, float | None]]] = defaultdict(list)
    for person_id, decision, taken_at, decided_at in rows:
        spent_s = None if taken_at is None else (decided_at - taken_at).total_seconds()
        by_person[person_id].append((decision, spent_s))
    for person_id, decisions in sorted(by_person.items(), key=lambda entry: names[entry[0]]):
        yield _reviewer(names[person_id], decisions, known.get(person_id, Interval(0, 0)))


def _reviewer(username: str, decisions: Sequence[tuple[str, float | None]], known: Interval) -> ReviewerNumbers:
    times_s = [spent_s for _, spent_s in decisions if spent_s is not None]
    hasty = Interval(sum(spent_s < HASTY_S for spent_s in times_s), len(times_s))
    return ReviewerNumbers(
        username=username,
        decisions=len(decisions),
        confirmed=Interval(sum(decision == "confirm" for decision, _ in decisions), len(decisions)),
        median_s=median(times_s) if times_s else None,
        hasty=hasty,
        known_caught=known,
        is_rubber_stamp=is_rubber_stamp(hasty, known),
    )


def _known(session: Session, cameras: Mapping[str, CameraRow], since: datetime, until: datetime) -> dict[str, Interval]:
    """Person → known negatives rejected, of those decided."""
    rows = session.execute(
        select(KnownNegativeRow.person_id, KnownNegativeRow.decision)
        .join(CaseRow, CaseRow.id == KnownNegativeRow.case_id)
        .where(
            CaseRow.camera_id.in_(list(cameras)),
            KnownNegativeRow.decided_at >= since,
            KnownNegativeRow.decided_at < until,
        )
    ).all()
    shown = Counter(person_id for person_id, _ in rows)
    caught = Counter(person_id for person_id, decision in rows if decision == "reject")
    return {person_id: Interval(caught[person_id], count) for person_id, count in shown.items() if person_id}
