"""The office as one thing: what every endpoint and every job is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from api.acceptance.requests import AcceptanceRequests
from api.audits.records.service import RecordService
from api.audits.report import AuditReports
from api.audits.service import AuditService
from api.audits.visits import VisitService
from api.bundles.service import BundleService
from api.cameras.asking import CameraAnswers
from api.cameras.service import CameraService
from api.cases.intake import Intake
from api.cases.search import CaseSearch
from api.cases.service import CaseService, SubmissionService
from api.connectors.webhook import Webhook
from api.database import Database
from api.evidence import VerifiedFiles
from api.jobs import Bell, Job, Jobs
from api.log.sequencer import Sequencer
from api.log.signing import LogSigner, log_signer
from api.log.witnesses import Witnesses
from api.measures.alarms import AlarmService
from api.measures.holds import HoldService
from api.measures.known import KnownNegatives
from api.measures.numbers import MeasureService
from api.notices.service import NoticeService
from api.reviews.desk import ReviewDesk
from api.reviews.service import ReviewService
from api.settings import OfficeSettings
from api.store import open_store
from api.worker_jobs.service import WorkerJobs

Clock = Callable[[], datetime]
CARE_PAUSE_S = 10.0
WATCH_PAUSE_S = 30.0
WITNESS_PAUSE_S = 10.0


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Office:
    """Settings, database and services of one office."""

    settings: OfficeSettings
    database: Database
    files: VerifiedFiles
    submissions: SubmissionService
    cases: CaseService
    search: CaseSearch
    reviews: ReviewService
    desk: ReviewDesk
    notices: NoticeService
    bundles: BundleService
    signer: LogSigner | None
    worker_jobs: WorkerJobs
    cameras: CameraService
    camera_answers: CameraAnswers
    visits: VisitService
    records: RecordService
    audits: AuditService
    audit_reports: AuditReports
    acceptances: AcceptanceRequests
    measures: MeasureService
    holds: HoldService
    alarms: AlarmService
    clock: Clock
    bell: Bell

    def close(self) -> None:
        self.database.close()


def open_office(settings: OfficeSettings, clock: Clock = utc_now) -> Office:
    """Opens database and store. Nothing is migrated, nothing runs yet.

    Raises:
        ValueError: a setting cannot be.
    """
    database = Database(settings.database_url.get_secret_value())
    signer = log_signer(settings)
    files = VerifiedFiles(open_store(settings), settings.evidence_cache, settings.evidence_cache_limit_bytes)
    return Office(
        settings=settings,
        database=database,
        files=files,
        submissions=SubmissionService(database, clock),
        cases=CaseService(database, files, clock),
        search=CaseSearch(database, clock),
        reviews=ReviewService(database, settings, clock),
        desk=ReviewDesk(database, clock),
        notices=NoticeService(database, files, settings, clock, signer),
        bundles=BundleService(database, files, signer),
        signer=signer,
        worker_jobs=WorkerJobs(database, files, settings, clock),
        cameras=CameraService(database, clock),
        camera_answers=CameraAnswers(database, clock),
        visits=VisitService(database, settings.visits_kept, clock),
        records=RecordService(database, clock),
        audits=AuditService(database, files, clock),
        audit_reports=AuditReports(database, signer, clock),
        acceptances=AcceptanceRequests(database, clock),
        measures=MeasureService(database, clock),
        holds=HoldService(database, clock),
        alarms=AlarmService(database, clock, settings.agency_timezone),
        clock=clock,
        bell=Bell(),
    )


def office_jobs(office: Office) -> Jobs:
    """Every job of the office: verification, effects of decisions, care, the watch over deadlines, log and webhook."""
    settings = office.settings
    intake = Intake(office.database, office.files.reader, settings, office.clock)

    def care() -> bool:
        counts = (office.reviews.expire_due(), office.reviews.release_lapsed(), office.notices.forget_visits())
        stations = (office.visits.forget(), office.records.forget())
        return any((*counts, *stations, office.camera_answers.forget_pictures()))

    known = KnownNegatives(office.database, office.clock)

    def watch() -> bool:
        counts = (known.seed(), office.alarms.ring_deadlines(), office.alarms.ring_stamps(), office.holds.suspend_due())
        return any(counts)

    jobs = [
        Job("verification", intake.step, settings.verification_threads, settings.job_pause_s),
        Job("effects", lambda: office.reviews.take_effect() > 0, pause_s=settings.job_pause_s),
        Job("care", care, pause_s=CARE_PAUSE_S),
        Job("watch", watch, pause_s=WATCH_PAUSE_S),
        Job("log", Sequencer(office.database, office.signer, office.clock).step, pause_s=settings.job_pause_s),
    ]
    if office.signer is not None and office.signer.witnesses:
        jobs.append(
            Job("witness", Witnesses(office.database, office.signer, office.clock).step, pause_s=WITNESS_PAUSE_S)
        )
    if settings.webhook_url is not None:
        jobs.append(Job("webhook", Webhook(office.database, settings, office.clock).step, pause_s=settings.job_pause_s))
    return Jobs(office.database, jobs, office.clock, office.bell)


def get_office(request: Request) -> Office:
    office: Office = request.app.state.office
    return office


OfficeHere = Annotated[Office, Depends(get_office)]
