"""What operations read: is it alive, can it work, and how much."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Literal

from alembic.util.exc import CommandError
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from pydantic import BaseModel, ConfigDict
from sqlalchemy import case, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.database import migration_gap
from api.errors import StoreUnreachableError
from api.office import Office, OfficeHere
from models.domain.cases import CASE_STATES, MOVES
from models.tables import AuditRow, CaseRow, DeliveryRow, HeartbeatRow, SubmissionRow

router = APIRouter(tags=["operations"])
HEARTBEAT_OLD = timedelta(seconds=60)
_SUBMISSION_STATES = ("received", "case", "refused")
_DELIVERY_STATES = ("pending", "delivered", "dead", "unsubscribed")


class Health(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """`checks`: "ok", or what is wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["ready", "not_ready"]
    checks: dict[str, str]


@router.get("/healthz", summary="The process answers")
def healthz() -> Health:
    return Health()


@router.get("/readyz", summary="The office can do its work", responses={503: {"model": Readiness}})
def readyz(office: OfficeHere, response: Response) -> Readiness:
    """Database reachable and migrated, store reachable, every job come round within the last minute."""
    checks = {
        "database": _outcome(office.database.is_reachable),
        "migrations": _outcome(lambda: migration_gap(office.database)),
        "store": _outcome(office.files.reader.check),
        "jobs": _outcome(lambda: _late_jobs(office)),
    }
    is_ready = all(outcome == "ok" for outcome in checks.values())
    response.status_code = 200 if is_ready else 503
    return Readiness(status="ready" if is_ready else "not_ready", checks=checks)


@router.get("/metrics", summary="Counts for Prometheus", response_class=Response)
def metrics(request: Request, office: OfficeHere) -> Response:
    """Counts of the whole office out of its database, and how long this process takes to answer."""
    registry = CollectorRegistry()
    registry.register(_Counts(office))
    text = generate_latest(registry) + generate_latest(request.app.state.times.registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _outcome(check: Callable[[], str | None]) -> str:
    try:
        return check() or "ok"
    except StoreUnreachableError as error:
        return str(error)
    except (SQLAlchemyError, CommandError) as error:
        return f"the database does not answer ({type(error).__name__})"


def job_names(office: Office) -> Sequence[str]:
    webhook = ("webhook",) if office.settings.webhook_url is not None else ()
    witness = ("witness",) if office.signer is not None and office.signer.witnesses else ()
    return ("verification", "effects", "care", "watch", "log", *webhook, *witness)


def _late_jobs(office: Office) -> str | None:
    limit = office.clock() - HEARTBEAT_OLD
    with office.database.reading() as session:
        alive = set(session.scalars(select(HeartbeatRow.job).where(HeartbeatRow.at >= limit)))
    late = [name for name in job_names(office) if name not in alive]
    return f"not come round within {HEARTBEAT_OLD.seconds} s: {', '.join(late)}" if late else None


class _Counts:
    """Reads the counts from the database, so that they hold for every process and across restarts. No plates."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def collect(self) -> Iterable[Metric]:
        with self._office.database.reading() as session:
            yield _states(session, "submissions", SubmissionRow.state, _SUBMISSION_STATES)
            yield _states(session, "cases", CaseRow.state, CASE_STATES)
            yield _states(session, "deliveries", DeliveryRow.state, _DELIVERY_STATES)
            yield self._refusals(session)
            yield self._moves(session)
            yield self._oldest(session)
            yield _plates(session)

    def _refusals(self, session: Session) -> Metric:
        family = CounterMetricFamily("phatnguoi_refusals", "Submissions refused, by reason.", labels=["reason"])
        rows = session.execute(
            select(SubmissionRow.reason, func.count())
            .where(SubmissionRow.reason.is_not(None))
            .group_by(SubmissionRow.reason)
        )
        for reason, count in rows:
            family.add_metric([reason or ""], count)
        return family

    def _moves(self, session: Session) -> Metric:
        family = CounterMetricFamily("phatnguoi_moves", "Moves of cases.", labels=["move"])
        names = sorted({move.name for move in MOVES})
        rows = session.execute(
            select(AuditRow.what, func.count()).where(AuditRow.what.in_(names)).group_by(AuditRow.what)
        )
        found = {row[0]: row[1] for row in rows}
        for name in names:
            family.add_metric([name], found.get(name, 0))
        return family

    def _oldest(self, session: Session) -> Metric:
        oldest = session.scalar(select(func.min(SubmissionRow.received_at)).where(SubmissionRow.state == "received"))
        age_s = (self._office.clock() - oldest).total_seconds() if oldest is not None else 0.0
        return GaugeMetricFamily("phatnguoi_oldest_submission_age_s", "Age of the oldest unverified one.", value=age_s)


def _plates(session: Session) -> Metric:
    """The reader's own error rate in use: differs over same and differs. Nothing of a plate itself."""
    family = GaugeMetricFamily(
        "phatnguoi_plates_compared", "Cases with a typed plate, by what the reader had read.", labels=["outcome"]
    )
    outcome = case(
        (CaseRow.plate_read.is_(None), "unread"), (CaseRow.plate_read == CaseRow.plate, "same"), else_="differs"
    )
    rows = session.execute(select(outcome, func.count()).where(CaseRow.plate.is_not(None)).group_by(outcome))
    found = {row[0]: row[1] for row in rows}
    for name in ("same", "differs", "unread"):
        family.add_metric([name], found.get(name, 0))
    return family


def _states(session: Session, name: str, column: object, states: Sequence[str]) -> Metric:
    family = GaugeMetricFamily(f"phatnguoi_{name}", f"Rows of {name}, by state.", labels=["state"])
    rows = session.execute(select(column, func.count()).group_by(column))  # type: ignore[call-overload]
    found = {row[0]: row[1] for row in rows}
    for state in states:
        family.add_metric([state], found.get(state, 0))
    return family
