"""What changes while a reviewer looks: counts of the queue, who holds the open case (server-sent events)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from api.cases.listing import COUNTED
from api.errors import CaseNotFoundError
from api.office import Office, OfficeHere
from api.people.sessions import SignedIn
from api.web.access import Person
from api.web.failures import PageRoute

STREAM_S = 20.0
"""Then the browser asks again, with its cookie: a session that ended meanwhile hears no more."""
LOOK_EVERY_S = 2.0
AGAIN_AFTER_MS = 1_000

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/live")
def live(request: Request, person: Person, office: OfficeHere, case: str = "") -> StreamingResponse:
    """News as JSON: `counts` by state up to `counted`, and `case` {state, holder, is_mine} where one is asked about."""
    return StreamingResponse(
        _news(request, office, person, case),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _news(request: Request, office: Office, person: SignedIn, case_id: str) -> AsyncIterator[str]:
    """Says something only where something changed."""
    yield f"retry: {AGAIN_AFTER_MS}\n\n"
    end, last = time.monotonic() + STREAM_S, None
    while time.monotonic() < end and not await request.is_disconnected():
        news = await run_in_threadpool(look, office, person, case_id)
        if news != last:
            yield f"data: {json.dumps(news)}\n\n"
            last = news
        await asyncio.sleep(LOOK_EVERY_S)


def look(office: Office, person: SignedIn, case_id: str) -> dict[str, Any]:
    """What there is to say now; a case that this person may not see is not spoken of."""
    news: dict[str, Any] = {"counts": office.cases.counts(person.actor), "counted": COUNTED}
    if case_id:
        try:
            line = office.cases.line(person.actor, case_id)
        except CaseNotFoundError:
            return news
        news["case"] = {"id": line.id, "state": line.state, "holder": line.assigned_to, "is_mine": line.is_mine}
    return news
