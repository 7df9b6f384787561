"""The bundle over HTTP: for whoever has a notice's link and types the full plate."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.concurrency import run_in_threadpool

from api.errors import NoticeNotFoundError
from api.handlers import refusals
from api.notices.timing import answer_at
from api.office import Office, OfficeHere

router = APIRouter(prefix="/api/notices", tags=["notices"])
CaseId = Annotated[str, Path(pattern=r"^[0-9a-z]{26}$")]
BUNDLE_HEADERS = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


class BundleRequest(BaseModel):
    """The link's code and the vehicle's full plate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, StringConstraints(max_length=64)]
    plate: Annotated[str, StringConstraints(min_length=1, max_length=20)]


@router.post(
    "/{case_id}/bundle",
    summary="The evidence of a notice, to be checked without the office",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}, **refusals(404, 409, 422, 503)},
)
async def bundle(case_id: CaseId, request: BundleRequest, office: OfficeHere) -> Response:
    """Counts as a try at the plate; one answer, at one time, for everything that is wrong."""
    asked_at = time.monotonic()
    visit = await run_in_threadpool(office.notices.open_picture, request.code, request.plate)
    await answer_at(asked_at, office.settings.citizen_answer_after_s)
    if visit is None:
        raise NoticeNotFoundError("got a wrong plate, or an unknown or shut link, expected the notice's own")
    return await run_in_threadpool(bundle_response, office, case_id, request.code, visit)


def bundle_response(office: Office, case_id: str, code: str, visit: str) -> Response:
    """The bundle of a notice, for a visit that typed the plate.

    Raises:
        NoticeNotFoundError: no such link or visit, or another case's.
        BundleNotReadyError, StoreError
    """
    if office.notices.visited_case(code, visit) != case_id:
        raise NoticeNotFoundError("got the code of another case, expected this one's")
    disposition = {"Content-Disposition": f'attachment; filename="{case_id}.zip"'}
    return Response(office.bundles.make(case_id), media_type="application/zip", headers=BUNDLE_HEADERS | disposition)
