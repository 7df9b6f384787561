"""Notices: issued on a confirmed case, read by whoever has the link, contested there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.actor import CITIZEN, Actor
from api.audit import make_move, record
from api.cases.reading import offence_of
from api.cases.repository import find_case, next_number
from api.cases.service import find_evidence
from api.connectors.outbox import announce, appear_by
from api.database import Database
from api.errors import NoticeNotAllowedError, NoticeNotFoundError, NotRedactedError
from api.evidence import VerifiedFile, VerifiedFiles
from api.keys import CODE_BYTES, hashed, is_same, new_secret
from api.log.signing import LogSigner
from api.log.trust import keep_trust
from api.log.writing import log_entry
from api.notices.schemas import ContestKind, IssuedNotice, NoticeView
from api.reviews.checks import checked_words, claim_facts, needs_time_left, needs_trusted_camera
from api.settings import OfficeSettings
from api.worker_jobs.kinds.redact import CITIZEN_PICTURE, is_redacted, why_not_redacted
from models.domain.cases import CaseState
from models.domain.catalogue import IS_CHECKED, UNCHECKED_NOTE
from models.domain.plates import masked, normalised
from models.tables import CameraRow, CaseRow, ContestRow, KnownNegativeRow, NoticeRow, NoticeVisitRow, new_id

CONTEST_CHARACTERS = 2000
NOBODYS_PLATE = "00000000"
SIMULATED = "MÔ PHỎNG"


class NoticeService:
    """What a notice needs, from both sides."""

    def __init__(
        self,
        database: Database,
        files: VerifiedFiles,
        settings: OfficeSettings,
        clock: Callable[[], datetime],
        signer: LogSigner | None = None,
    ) -> None:
        self._database = database
        self._files = files
        self._settings = settings
        self._clock = clock
        self._signer = signer

    def issue(self, actor: Actor, case_id: str) -> IssuedNotice:
        """Issues the notice of a confirmed case. The link's code is in the answer and nowhere else.

        Raises:
            MoveNotAllowedError, CaseMovedError, CaseNotFoundError
            NoticeNotAllowedError: a warning-mode case, no typed plate, or no catalogue row for the typed vehicle.
            NotRedactedError: its redacted pictures have not come yet.
            CameraOnHoldError: its camera is frozen or suspended.
            LimitationPassedError: the year is over.
        """
        now = self._clock()
        code = new_secret(CODE_BYTES)
        with self._database.writing() as session:
            case = find_case(session, actor, case_id, lock=True)
            actor.move("issue_notice", cast("CaseState", case.state))
            _check_may_get_notice(case)
            _check_not_known(session, case)
            needs_trusted_camera(session, case)
            _check_redacted(session, case)
            needs_time_left(case, now)
            notice = NoticeRow(
                id=new_id(now),
                number=_number(session, now, case),
                case_id=case.id,
                link_sha256=hashed(code),
                issued_at=now,
                expires_at=now + self._settings.link_valid,
                trust_fingerprint=keep_trust(session, now, self._signer),
            )
            session.add(notice)
            facts = claim_facts(case) | {"number": notice.number, "trust": notice.trust_fingerprint}
            log_entry(session, now, "notice", case.id, facts, private={"plate": case.plate})
            make_move(session, now, actor, case, "issue_notice")
            announce(session, now, self._settings, "issued", case, notice)
        return IssuedNotice(notice.number, case.id, code, notice.expires_at)

    def view(self, code: str) -> NoticeView:
        """What the link shows at once: all but the picture.

        Raises:
            NoticeNotFoundError: unknown or expired link.
        """
        with self._database.reading() as session:
            notice, case = _of_link(session, self._clock(), code)
            camera = session.scalars(select(CameraRow).where(CameraRow.id == case.camera_id)).one()
            contest = session.scalars(select(ContestRow.id).where(ContestRow.case_id == case.id)).first()
            return self._view(notice, case, camera, has_contested=contest is not None)

    def _view(self, notice: NoticeRow, case: CaseRow, camera: CameraRow, *, has_contested: bool) -> NoticeView:
        offence = offence_of(case)
        return NoticeView(
            number=notice.number,
            case_id=case.id,
            is_simulated=case.is_simulated,
            state=cast("CaseState", case.state),
            occurred_at=case.occurred_at,
            timezone=case.timezone,
            place=case.address,
            camera_name=camera.name,
            act=offence.description if offence else case.act_code,
            act_code=case.act_code,
            reference=offence.reference if offence else "",
            decree=offence.decree if offence else "",
            minimum_vnd=offence.minimum_vnd if offence else None,
            maximum_vnd=offence.maximum_vnd if offence else None,
            points=offence.points if offence else None,
            unchecked_note=None if IS_CHECKED else UNCHECKED_NOTE,
            vehicle=case.vehicle_typed or case.vehicle,
            plate_masked=masked(case.plate or ""),
            plate_colour=case.plate_colour or "",
            agency=case.agency,
            unit_telephone=camera.unit_telephone,
            hotline=self._settings.hotline,
            issued_at=notice.issued_at,
            expires_at=notice.expires_at,
            respond_by=date.fromisoformat(appear_by(notice, case)),
            withdrawn_at=notice.withdrawn_at,
            withdrawn_reason=notice.withdrawn_reason,
            has_contested=has_contested,
            tries_left=max(0, self._settings.plate_tries - notice.wrong_tries),
            trust_fingerprint=notice.trust_fingerprint,
        )

    def open_picture(self, code: str, plate: str) -> str | None:
        """A visit token for the picture when the full plate is right; None for a wrong plate, an unknown link or no
        tries left. The same questions are asked in every case; the endpoint answers through `answer_at`."""
        now = self._clock()
        token = new_secret(CODE_BYTES)
        with self._database.writing() as session:
            found = _find_link(session, now, code, lock=True)
            is_right = is_same(normalised(plate), (found[1].plate if found else None) or NOBODYS_PLATE)
            counted = session.scalars(
                update(NoticeRow)
                .where(
                    NoticeRow.id == (found[0].id if found else ""), NoticeRow.wrong_tries < self._settings.plate_tries
                )
                .values(wrong_tries=NoticeRow.wrong_tries + (0 if is_right else 1))
                .returning(NoticeRow.id)
                .execution_options(synchronize_session=False)
            ).first()
            if found is None:
                return None
            is_open = is_right and counted is not None
            what = "picture_opened" if is_open else "picture_refused"
            if counted is not None:  # a shut link is not logged for ever
                record(session, now, CITIZEN, "citizen", what, case_id=found[1].id)
            if is_open:
                until = now + self._settings.picture_visit
                session.add(NoticeVisitRow(token_sha256=hashed(token), notice_id=found[0].id, expires_at=until))
        return token if is_open else None

    def visited_case(self, code: str, visit: str) -> str:
        """The case of a visit that typed the plate; that somebody took its evidence away stands in the audit log.

        Raises:
            NoticeNotFoundError: no such link or visit.
        """
        now = self._clock()
        with self._database.writing() as session:
            notice, case = _of_link(session, now, code)
            _check_visit(session, now, notice, visit)
            record(session, now, CITIZEN, "citizen", "bundle_exported", case_id=case.id)
        return case.id

    def picture(self, code: str, visit: str) -> VerifiedFile:
        """The redacted picture of the act, for a visit that typed the plate.

        Raises:
            NoticeNotFoundError: no such link or visit.
            EvidenceNotFoundError: the package has no such picture.
        """
        now = self._clock()
        with self._database.reading() as session:
            notice, case = _of_link(session, now, code)
            _check_visit(session, now, notice, visit)
            stored = find_evidence(session, case.id, case.submission_id, CITIZEN_PICTURE)
        return self._files.fetch(stored)

    def contest(self, code: str, kind: ContestKind, text: str) -> None:
        """ "I contest" or "I was not driving": the case becomes `contested`.

        Raises:
            NoticeNotFoundError, InputError (field `text`)
            MoveNotAllowedError: it was contested already, or withdrawn.
        """
        now = self._clock()
        words = checked_words("text", text, CONTEST_CHARACTERS, may_be_empty=kind == "not_driving")
        with self._database.writing() as session:
            _, case = _of_link(session, now, code, lock=True)
            make_move(session, now, CITIZEN, case, "contest", values={"assigned_to": None, "lease_until": None})
            session.add(ContestRow(id=new_id(now), case_id=case.id, kind=kind, text=words, contested_at=now))

    def forget_visits(self) -> int:
        """Job: drops the visits that have ended."""
        now = self._clock()
        with self._database.writing() as session:
            ended = session.scalars(select(NoticeVisitRow).where(NoticeVisitRow.expires_at < now).limit(200)).all()
            for row in ended:
                session.delete(row)
        return len(ended)


def _check_may_get_notice(case: CaseRow) -> None:
    if case.mode != "live":
        raise NoticeNotAllowedError(f"got a case in mode {case.mode}, expected live: it never gets a notice")
    if not case.plate:
        raise NoticeNotAllowedError("got a case without a plate, expected one typed by a reviewer")
    if offence_of(case) is None:
        raise NoticeNotAllowedError(f"got act {case.act_code}, expected a row of the catalogue on {case.offence_day}")


def _check_not_known(session: Session, case: CaseRow) -> None:
    if session.get(KnownNegativeRow, case.id) is not None:
        raise NoticeNotAllowedError("got a case made to measure reviewers, expected a claim of its own")


def _check_redacted(session: Session, case: CaseRow) -> None:
    if not is_redacted(session, case.submission_id):
        why = why_not_redacted(session, case.submission_id)
        said = "they are being made" if why is None else f"they cannot be made: {why}"
        raise NotRedactedError(f"got a case without redacted pictures ({said}), expected them before a notice")


def _check_visit(session: Session, now: datetime, notice: NoticeRow, visit: str) -> None:
    row = session.get(NoticeVisitRow, hashed(visit))
    if row is None or row.notice_id != notice.id or row.expires_at < now:
        raise NoticeNotFoundError("got an unknown or ended visit, expected one that typed the plate")


def _number(session: Session, now: datetime, case: CaseRow) -> str:
    """`2026-000123/TB`; simulated cases count apart, and say so."""
    year = now.astimezone(ZoneInfo(case.timezone)).year
    if case.is_simulated:
        return f"{SIMULATED} {year}-{next_number(session, 'simulated_notice'):06d}"
    return f"{year}-{next_number(session, 'notice'):06d}/TB"


def _find_link(session: Session, now: datetime, code: str, *, lock: bool = False) -> tuple[NoticeRow, CaseRow] | None:
    statement = (
        select(NoticeRow, CaseRow)
        .join(CaseRow, CaseRow.id == NoticeRow.case_id)
        .where(NoticeRow.link_sha256 == hashed(code), NoticeRow.expires_at > now)
    )
    row = session.execute(statement.with_for_update(of=CaseRow) if lock else statement).first()
    return (row[0], row[1]) if row is not None else None


def _of_link(session: Session, now: datetime, code: str, *, lock: bool = False) -> tuple[NoticeRow, CaseRow]:
    found = _find_link(session, now, code, lock=lock)
    if found is None:
        raise NoticeNotFoundError("got an unknown or expired link, expected a valid one")
    return found
