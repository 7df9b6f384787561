"""Who may hand in claims: the bearer of a worker key."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.errors import WorkerRefusedError
from api.office import OfficeHere

_bearer = HTTPBearer(auto_error=False, scheme_name="WorkerKey", description="A worker key of the office.")


def _worker(office: OfficeHere, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    if given is None:
        raise WorkerRefusedError("got no worker key, expected the header Authorization: Bearer <key>")
    return office.submissions.worker_of(given.credentials)


WorkerHere = Annotated[str, Depends(_worker)]
