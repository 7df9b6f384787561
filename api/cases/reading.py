"""Puts together what people read of a case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.actor import Actor
from api.cases.schemas import AuditLine, CaseFile, CaseLine, EvidenceFile, OtherClaim, Redaction
from api.worker_jobs.kinds.redact import is_redacted, why_not_redacted
from models.domain.cases import BLIND_STATES, MOVES, CaseState
from models.domain.catalogue import CatalogueRowMissingError, Offence, find_offence
from models.domain.manifest import Manifest
from models.domain.scene import VehicleClass
from models.tables import (
    AuditRow,
    CameraRow,
    CaseRow,
    ContestRow,
    EvidenceRow,
    ManifestRow,
    NoticeRow,
    PersonRow,
    ReviewRow,
    SubmissionRow,
)

UNDECIDED: tuple[CaseState, ...] = ("new", "in_review", *BLIND_STATES)
"""No plate stands yet: what the machine read is not shown."""
_OWN_SHOWN_BLIND = ("view", "take", "release")


def case_lines(session: Session, now: datetime, actor: Actor, cases: Sequence[CaseRow]) -> tuple[CaseLine, ...]:
    """Lines of a queue; one query for all the holders' names."""
    holders = {case.assigned_to for case in cases if case.assigned_to}
    people = session.scalars(select(PersonRow).where(PersonRow.id.in_(holders)))
    names = {person.id: person.username for person in people}
    return tuple(_line(case, now, actor, names) for case in cases)


def _line(case: CaseRow, now: datetime, actor: Actor, names: dict[str, str]) -> CaseLine:
    today = now.astimezone(ZoneInfo(case.timezone)).date()
    return CaseLine(
        id=case.id,
        number=case.number,
        state=cast("CaseState", case.state),
        camera_id=case.camera_id,
        address=case.address,
        rule=case.rule,
        act_code=case.act_code,
        vehicle=case.vehicle,
        occurred_at=case.occurred_at,
        timezone=case.timezone,
        notice_due_on=case.notice_due_on,
        days_left=(case.notice_due_on - today).days,
        expires_at=case.expires_at,
        mode=case.mode,
        is_simulated=case.is_simulated,
        assigned_to=names.get(case.assigned_to) if case.assigned_to else None,
        held_until=case.lease_until,
        is_mine=case.assigned_to is not None and case.assigned_to == actor.person_id,
    )


def case_file(session: Session, now: datetime, actor: Actor, case: CaseRow) -> CaseFile:
    """Everything that one page about a case shows."""
    camera = session.scalars(select(CameraRow).where(CameraRow.id == case.camera_id)).one()
    manifest = session.scalars(select(ManifestRow).where(ManifestRow.submission_id == case.submission_id)).one()
    notice = session.scalars(select(NoticeRow).where(NoticeRow.case_id == case.id)).first()
    contest = session.scalars(
        select(ContestRow).where(ContestRow.case_id == case.id).order_by(ContestRow.contested_at.desc())
    ).first()
    return CaseFile(
        line=case_lines(session, now, actor, [case])[0],
        manifest=_shown_manifest(case, manifest.body),
        offence=offence_of(case),
        agency=case.agency,
        unit_telephone=camera.unit_telephone,
        camera_name=camera.name,
        evidence=tuple(_evidence(session, case.submission_id)),
        audit=tuple(_audit(session, actor, case)),
        others=tuple(_others(session, case)),
        plate=case.plate,
        plate_read=case.plate_read if case.plate is not None else None,
        vehicle_typed=case.vehicle_typed,
        plate_colour=case.plate_colour,
        reject_reason=_reject_reason(session, case),
        notice_number=notice.number if notice else None,
        contest_kind=contest.kind if contest else None,
        contest=contest.text if contest else None,
        moves=possible_moves(actor, case, is_redacted=is_redacted(session, case.submission_id)),
        redaction=_redaction(session, case),
    )


def offence_of(case: CaseRow, vehicle: str | None = None) -> Offence | None:
    """The catalogue row in force on the day of the offence, by the class that a person typed if one did."""
    known = cast("VehicleClass", vehicle or case.vehicle_typed or case.vehicle)
    try:
        return find_offence(case.act_code, known, case.offence_day)
    except CatalogueRowMissingError:
        return None


def possible_moves(actor: Actor, case: CaseRow, *, is_redacted: bool) -> tuple[str, ...]:
    """Names of the moves that the table gives this actor now, less those that need the case in hand."""
    names = [move.name for move in MOVES if move.source == case.state and move.roles & actor.roles]
    if (case.state == "contested" and names) or ("confirm" in names and case.state != "in_review"):
        names = ["take", *names]
    is_mine = case.assigned_to is not None and case.assigned_to == actor.person_id
    is_supervisor = "supervisor" in actor.roles
    if is_mine:
        return tuple(name for name in names if name != "take" and not _is_barred(case, name, is_redacted))
    allowed = {"take", "contest", "issue_notice"} | ({"withdraw", "release"} if is_supervisor else set())
    return tuple(name for name in names if name in allowed and not _is_barred(case, name, is_redacted))


def _is_barred(case: CaseRow, name: str, is_redacted: bool) -> bool:
    return name == "issue_notice" and (case.mode != "live" or not is_redacted)


def _redaction(session: Session, case: CaseRow) -> Redaction:
    if is_redacted(session, case.submission_id):
        return "done"
    return "waiting" if why_not_redacted(session, case.submission_id) is None else "failed"


def _evidence(session: Session, submission_id: str) -> Iterable[EvidenceFile]:
    for row in session.scalars(
        select(EvidenceRow).where(EvidenceRow.submission_id == submission_id).order_by(EvidenceRow.name)
    ):
        yield EvidenceFile(row.name, row.media_type, row.length_bytes, row.sha256, row.is_copy_of)


def _shown_manifest(case: CaseRow, body: str) -> Manifest:
    """Before somebody's word about the plate stands, nobody is shown what the machine read."""
    manifest = Manifest.model_validate_json(body)
    return manifest if case.state not in UNDECIDED else manifest.model_copy(update={"plate": None})


def _audit(session: Session, actor: Actor, case: CaseRow) -> Iterable[AuditLine]:
    """Nothing of what others did while somebody may still have to look without knowing it."""
    rows = session.execute(
        select(AuditRow, PersonRow.username)
        .outerjoin(PersonRow, PersonRow.id == AuditRow.person_id)
        .where(AuditRow.case_id == case.id)
        .order_by(AuditRow.id)
    )
    for row, username in rows:
        is_own = row.person_id == actor.person_id and row.what in _OWN_SHOWN_BLIND
        if case.state in BLIND_STATES and row.what != "case_created" and not is_own:
            continue
        reason = row.details.get("reason")
        yield AuditLine(row.at, username or row.role, row.role, row.what, row.source, row.target, reason)


def _others(session: Session, case: CaseRow) -> Iterable[OtherClaim]:
    joined = session.scalars(
        select(SubmissionRow.id).where(SubmissionRow.case_id == case.id, SubmissionRow.id != case.submission_id)
    )
    yield from (OtherClaim(key, case.id, case.rule, has_joined=True) for key in joined)
    siblings = session.execute(
        select(CaseRow.submission_id, CaseRow.id, CaseRow.rule).where(
            CaseRow.incident_id == case.incident_id, CaseRow.id != case.id
        )
    )
    yield from (OtherClaim(submission, key, rule, has_joined=False) for submission, key, rule in siblings)


def _reject_reason(session: Session, case: CaseRow) -> str | None:
    if case.state != "rejected":
        return None
    rejections = select(ReviewRow.reason).where(ReviewRow.case_id == case.id, ReviewRow.decision == "reject")
    return session.scalars(rejections.order_by(ReviewRow.decided_at.desc(), ReviewRow.id.desc())).first()
