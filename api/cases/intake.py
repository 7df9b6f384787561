"""The verification job: takes a received submission, verifies it, and makes the case, joins it, or refuses it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.acceptance.service import mode_of
from api.actor import OFFICE
from api.audit import record
from api.cases.repository import find_incident, lease_submission, next_number
from api.cases.signature import check_signature
from api.cases.verification import (
    ClaimRefusedError,
    ReadPackage,
    check_catalogue,
    instant,
    offence_day,
    verify_package,
)
from api.database import Database
from api.errors import StoreUnreachableError
from api.evidence import media_type
from api.log.writing import log_entry
from api.settings import OfficeSettings
from api.store import EvidenceReader
from api.worker_jobs.service import add_job
from models.domain.manifest import Manifest
from models.domain.plates import normalised
from models.domain.store import StoredObject
from models.domain.submission import Submission
from models.tables import (
    CameraRow,
    CaseRow,
    EvidenceRow,
    IncidentRow,
    ManifestRow,
    SubmissionRow,
    new_id,
)
from models.verify.entries import Fact

LEASE = timedelta(seconds=30)
"""How long a submission waits for a job that died; a job that lives renews its lease while it reads."""
RENEW_AFTER = timedelta(seconds=10)
WAITS = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 10, 20, 40, 60, 120, 300))
"""How long the n-th try waits for the next one; the last stays."""
_log = logging.getLogger("phatnguoi.intake")


class LeaseLostError(Exception):
    """Another job has taken this submission over: leave it alone."""


class _Renewing:
    """A reader that renews the lease while it reads, so that a slow store does not look like a dead job."""

    def __init__(self, inner: EvidenceReader, renew: Callable[[datetime], None], clock: Callable[[], datetime]) -> None:
        self._inner = inner
        self._renew = renew
        self._clock = clock
        self._renewed_at = clock()

    def chunks(self, stored: StoredObject) -> Iterator[bytes]:
        for chunk in self._inner.chunks(stored):
            now = self._clock()
            if now - self._renewed_at >= RENEW_AFTER:
                self._renew(now)
                self._renewed_at = now
            yield chunk

    def check(self) -> None:
        self._inner.check()


class Intake:
    """Verifies submissions, one at a time. Several may run at once, in threads or processes."""

    def __init__(
        self, database: Database, reader: EvidenceReader, settings: OfficeSettings, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._reader = reader
        self._settings = settings
        self._clock = clock

    def step(self) -> bool:
        """Handles one submission; False: none was due. Whatever dies in between is tried again."""
        now = self._clock()
        with self._database.writing() as session:
            row = lease_submission(session, now, lease=LEASE, waits=WAITS)
            if row is None:
                return False
            session.expunge(row)
        message = Submission.model_validate_json(row.message)
        try:
            self._verify(row, message)
        except StoreUnreachableError as error:
            _log.warning("store down, tried again later", extra={"submission": row.id, "detail": str(error)})
            self._give_back(row)
        except ClaimRefusedError as error:
            self._refuse(row, error)
        except LeaseLostError:
            _log.info("taken over by another job", extra={"submission": row.id})
        return True

    def _renew(self, row: SubmissionRow, now: datetime) -> None:
        with self._database.writing() as session:
            submission = _still_leased(session, row)
            if submission is None:
                raise LeaseLostError
            submission.lease_until = now + LEASE

    def _verify(self, row: SubmissionRow, message: Submission) -> None:
        with self._database.reading() as session:
            camera = session.get(CameraRow, message.camera_id)
        if camera is None:
            raise ClaimRefusedError("camera_unknown", f"got camera {message.camera_id}, expected a registered one")
        act_code = check_catalogue(message, camera.timezone)
        reader = _Renewing(self._reader, lambda now: self._renew(row, now), self._clock)
        package = verify_package(message, reader)
        with self._database.writing() as session:
            submission = _still_leased(session, row)
            if submission is not None:
                self._accept(session, submission, message, package, act_code)

    def _accept(
        self,
        session: Session,
        submission: SubmissionRow,
        message: Submission,
        package: ReadPackage,
        act_code: str,
    ) -> None:
        """Makes the case or joins the incident: evidence, manifest, entry of the log, case and audit row in one
        transaction. The key is asked for in it too: a revocation comes wholly before or wholly after.

        Raises:
            ClaimRefusedError: the signature does not hold.
        """
        now, manifest = self._clock(), package.manifest
        signer = check_signature(session, self._settings, submission.worker, package)
        camera = session.scalars(select(CameraRow).where(CameraRow.id == message.camera_id).with_for_update()).one()
        incident = find_incident(session, message, instant(message.occurred_at_us))
        case = None
        if incident is None:
            incident = _new_incident(session, now, message)
        else:
            case = session.scalars(
                select(CaseRow).where(CaseRow.incident_id == incident.id, CaseRow.rule == message.rule)
            ).first()
        _keep_evidence(session, now, message, manifest, package.body.decode())
        facts: dict[str, Fact] = {"manifest_sha256": message.manifest_sha256, "signer": signer}
        log_entry(session, now, "manifest", message.id, facts, signed_by=signer)
        if case is not None:
            details = {"submission": message.id}
            record(session, now, OFFICE, "office", "claim_joined", case_id=case.id, details=details)
        else:
            case = self._new_case(session, now, message, manifest, camera, incident, act_code)
            add_job(session, now, submission.worker, "redact", message.id)
        submission.state = "case"
        submission.case_id = case.id
        submission.finished_at = now
        submission.leased_by = submission.lease_until = None

    def _new_case(
        self,
        session: Session,
        now: datetime,
        message: Submission,
        manifest: Manifest,
        camera: CameraRow,
        incident: IncidentRow,
        act_code: str,
    ) -> CaseRow:
        occurred_at = instant(message.occurred_at_us)
        day = offence_day(message.occurred_at_us, camera.timezone)
        case = CaseRow(
            id=new_id(now),
            number=f"{now.astimezone(ZoneInfo(camera.timezone)).year}-{next_number(session, 'case'):06d}",
            submission_id=message.id,
            incident_id=incident.id,
            state="new",
            camera_id=camera.id,
            camera_file_sha256=manifest.camera.file_sha256,
            agency=camera.agency,
            camera_group=camera.camera_group,
            address=camera.address,
            timezone=camera.timezone,
            site_kind=camera.site_kind,
            rule=message.rule,
            act_code=act_code,
            vehicle=message.vehicle,
            mode=mode_of(session, camera, message.mode, manifest),
            is_simulated=camera.is_simulated or message.is_simulated,
            occurred_at=occurred_at,
            offence_day=day,
            notice_due_on=day + timedelta(days=self._settings.notice_within_days),
            expires_at=limitation_end(occurred_at, camera.timezone),
            created_at=now,
            moved_at=now,
            **_plate_read(manifest),
        )
        session.add(case)
        session.flush()
        is_in_force = manifest.camera.file_sha256 == camera.file_sha256
        details = {"submission": message.id, "camera_file_is_registered_one": is_in_force}
        record(session, now, OFFICE, "office", "case_created", case_id=case.id, target="new", details=details)
        return case

    def _refuse(self, row: SubmissionRow, error: ClaimRefusedError) -> None:
        now = self._clock()
        with self._database.writing() as session:
            submission = _still_leased(session, row)
            if submission is None:
                return
            submission.state = "refused"
            submission.reason = error.reason
            submission.detail = error.detail
            submission.finished_at = now
            submission.leased_by = submission.lease_until = None
            details = {"submission": row.id, "reason": error.reason}
            record(session, now, OFFICE, "office", "submission_refused", details=details)

    def _give_back(self, row: SubmissionRow) -> None:
        with self._database.writing() as session:
            submission = _still_leased(session, row)
            if submission is not None:
                submission.leased_by = submission.lease_until = None


def limitation_end(occurred_at: datetime, timezone: str) -> datetime:
    """One calendar year after the capture, at the same wall-clock time of the agency's zone (NĐ 168/2024 art. 4).

    A 29 February ends on 28 February: when in doubt, the earlier day.
    """
    zone = ZoneInfo(timezone)
    local = occurred_at.astimezone(zone)
    day = local.date()
    is_leap_day = (day.month, day.day) == (2, 29)
    last = day.replace(year=day.year + 1, day=28 if is_leap_day else day.day)
    clock_time: time = local.time()
    return datetime.combine(last, clock_time, tzinfo=zone).astimezone(occurred_at.tzinfo)


def _still_leased(session: Session, row: SubmissionRow) -> SubmissionRow | None:
    """The submission, if nobody else has taken it over since."""
    return session.scalars(
        select(SubmissionRow)
        .where(SubmissionRow.id == row.id, SubmissionRow.leased_by == row.leased_by, SubmissionRow.state == "received")
        .with_for_update()
    ).first()


def _new_incident(session: Session, now: datetime, message: Submission) -> IncidentRow:
    x1, y1, x2, y2 = message.box_px16
    incident = IncidentRow(
        id=new_id(now),
        camera_id=message.camera_id,
        occurred_at=instant(message.occurred_at_us),
        point_x_px16=message.point_px16[0],
        point_y_px16=message.point_px16[1],
        length_px16=max(x2 - x1, y2 - y1, 0),
    )
    session.add(incident)
    session.flush()
    return incident


def _plate_read(manifest: Manifest) -> dict[str, Any]:
    """What the worker's reader made of the plate, as columns of the case."""
    plate = manifest.plate
    if plate is None:
        return {}
    return {
        "plate_read": None if plate.text is None else normalised(plate.text),
        "plate_unread_because": plate.unread_because,
        "plate_confidence_permille": min(plate.characters_permille, default=None),
        "plate_is_suspected_obscured": plate.is_obscured,
    }


def _keep_evidence(session: Session, now: datetime, message: Submission, manifest: Manifest, body: str) -> None:
    copies = {file.name: file.is_copy_of for file in manifest.files}
    session.add(ManifestRow(submission_id=message.id, body=body))
    for stored in message.objects:
        session.add(
            EvidenceRow(
                id=new_id(now),
                submission_id=message.id,
                name=stored.name,
                key=stored.key,
                version_id=stored.version_id,
                sha256=stored.sha256,
                length_bytes=stored.length_bytes,
                media_type=media_type(stored.name),
                is_copy_of=copies.get(stored.name),
            )
        )
