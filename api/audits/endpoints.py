"""What station cameras' workers call."""

from __future__ import annotations

from fastapi import APIRouter, status

from api.cases.auth import WorkerHere
from api.handlers import refusals
from api.office import OfficeHere
from models.domain.visits import VisitReceipt, VisitReport

router = APIRouter(prefix="/api/visits", tags=["worker"])


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Hand in visits to a station's zones, and when the camera could see",
    responses=refusals(400, 401, 404, 409, 413, 422, 503),
)
def hand_in(report: VisitReport, office: OfficeHere, worker: WorkerHere) -> VisitReceipt:
    """The same id with the same content gives the same answer; with other content, 409."""
    return office.visits.receive(worker, report)
