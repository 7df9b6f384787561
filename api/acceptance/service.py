"""Acceptance of a rule on a camera: counted from reviewed claims, given by two persons, asked for by the intake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.database import Database
from api.errors import AcceptanceRefusedError, InputError
from models.domain.acceptance import NOT_THE_MACHINES_FAULT, AcceptedThing, Tally
from models.domain.cases import Role
from models.domain.manifest import Manifest
from models.tables import AcceptanceRow, CameraRow, CaseRow, ManifestRow, ReviewRow, new_id

CONSIDERED = 5000
"""The newest decided claims of one rule on one camera that are counted."""
REASON_CHARACTERS = 500


class AcceptanceService:
    """What may be accepted, and the accepting itself."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def tallies(self, camera_id: str, rule: str) -> dict[AcceptedThing, Tally]:
        """What persons decided of the claims in warning mode, by what made the claims, the newest first."""
        with self._database.reading() as session:
            return tallies_of(session, camera_id, rule)

    def accept(self, first: Actor, second: Actor, thing: AcceptedThing) -> str:
        """Records the acceptance; from now on such claims may lead to notices. Cases that exist stay what they are.

        Args:
            first, second: two different persons with live sessions, one of them a supervisor.
            thing: one of `tallies`.

        Raises:
            NotAllowedError: a role that may not review.
            AcceptanceRefusedError: one person twice, no supervisor, or too few or too many wrong claims.
        """
        for actor in (first, second):
            actor.needs("reviewer", "supervisor")
        if first.person_id is None or first.person_id == second.person_id:
            raise AcceptanceRefusedError("got the same person twice, expected two")
        if "supervisor" not in first.roles | second.roles:
            raise AcceptanceRefusedError("got no supervisor, expected one of the two to be one")
        now = self._clock()
        with self._database.writing() as session:
            tally = tallies_of(session, thing.camera_id, thing.rule).get(thing, Tally())
            why_not = tally.why_not()
            if why_not is not None:
                raise AcceptanceRefusedError(f"{thing.rule} on {thing.camera_id}: {why_not}")
            row = _row(new_id(now), now, first, second, thing, tally)
            session.add(row)
            details = {"camera": thing.camera_id, "rule": thing.rule, "acceptance": row.id, "reviewed": tally.reviewed}
            for actor in (first, second):
                role: Role = "supervisor" if "supervisor" in actor.roles else "reviewer"
                record(session, now, actor, role, "rule_accepted", details=details | {"wrong": tally.wrong})
            return row.id

    def revoke(self, actor: Actor, camera_id: str, rule: str, reason: str) -> int:
        """Ends every acceptance of this rule on this camera at once; how many there were.

        Raises:
            NotAllowedError: not a supervisor.
            InputError: no reason.
        """
        actor.needs("supervisor")
        if not reason.strip() or len(reason) > REASON_CHARACTERS:
            raise InputError("reason", f"got {len(reason)} characters, expected 1..{REASON_CHARACTERS}")
        now = self._clock()
        with self._database.writing() as session:
            rows = session.scalars(
                select(AcceptanceRow).where(
                    AcceptanceRow.camera_id == camera_id,
                    AcceptanceRow.rule == rule,
                    AcceptanceRow.revoked_at.is_(None),
                )
            ).all()
            for row in rows:
                row.revoked_at, row.revoked_by, row.revoked_reason = now, actor.person_id, reason.strip()
                details = {"camera": camera_id, "rule": rule, "acceptance": row.id}
                record(session, now, actor, "supervisor", "acceptance_revoked", details=details)
            return len(rows)


def mode_of(session: Session, camera: CameraRow, asked: str, manifest: Manifest) -> str:
    """`live` or `warning` for a new case, whatever camera file and worker ask for.

    Live needs a recorded acceptance of this very rule, network and geometry on this camera. A simulated camera needs
    none: nobody is accused there, its notices count apart and say so.
    """
    if "warning" in (camera.mode, asked):
        return "warning"
    if camera.is_simulated:
        return "live"
    thing = thing_of(manifest)
    accepted = session.scalars(
        select(AcceptanceRow.id).where(
            AcceptanceRow.camera_id == thing.camera_id,
            AcceptanceRow.rule == thing.rule,
            AcceptanceRow.rule_version == thing.rule_version,
            AcceptanceRow.weights_sha256 == thing.weights_sha256,
            AcceptanceRow.rule_basis_sha256 == thing.rule_basis_sha256,
            AcceptanceRow.revoked_at.is_(None),
        )
    ).first()
    return "warning" if accepted is None or not thing.rule_basis_sha256 else "live"


def thing_of(manifest: Manifest) -> AcceptedThing:
    """What made this claim."""
    software = manifest.software
    return AcceptedThing(
        camera_id=manifest.camera.id,
        rule=manifest.rule,
        rule_version=software.rule_version,
        weights_sha256=software.weights_sha256,
        rule_basis_sha256=software.rule_basis_sha256,
    )


def tallies_of(session: Session, camera_id: str, rule: str) -> dict[AcceptedThing, Tally]:
    """See `AcceptanceService.tallies`."""
    reason_of = (
        select(ReviewRow.reason)
        .where(ReviewRow.case_id == CaseRow.id, ReviewRow.decision == "reject")
        .order_by(ReviewRow.decided_at.desc(), ReviewRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(ManifestRow.body, CaseRow.state, reason_of)
        .join(CaseRow, CaseRow.submission_id == ManifestRow.submission_id)
        .where(
            CaseRow.camera_id == camera_id,
            CaseRow.rule == rule,
            CaseRow.mode == "warning",
            CaseRow.state.in_(("confirmed", "rejected", "withdrawn")),
        )
        .order_by(CaseRow.moved_at.desc())
        .limit(CONSIDERED)
    )
    found: dict[AcceptedThing, Tally] = {}
    for body, state, reason in rows:
        thing = thing_of(Manifest.model_validate_json(body))
        tally = found.get(thing, Tally())
        is_other = state == "rejected" and reason in NOT_THE_MACHINES_FAULT
        is_confirmed = state == "confirmed"
        found[thing] = Tally(
            tally.confirmed + is_confirmed, tally.wrong + (not is_confirmed and not is_other), tally.other + is_other
        )
    return found


def _row(row_id: str, now: datetime, first: Actor, second: Actor, thing: AcceptedThing, tally: Tally) -> AcceptanceRow:
    return AcceptanceRow(
        id=row_id,
        camera_id=thing.camera_id,
        rule=thing.rule,
        rule_version=thing.rule_version,
        weights_sha256=thing.weights_sha256,
        rule_basis_sha256=thing.rule_basis_sha256,
        confirmed=tally.confirmed,
        wrong=tally.wrong,
        other=tally.other,
        first_person_id=first.person_id,
        second_person_id=second.person_id,
        accepted_at=now,
    )
