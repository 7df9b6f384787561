"""The log over HTTP, for anybody: salted digests and opaque ids only."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import PlainTextResponse

from api.errors import EntryNotFoundError
from api.handlers import refusals
from api.log import reading
from api.log.reading import EntryAnswer, ProofAnswer
from api.office import OfficeHere

router = APIRouter(prefix="/api/log", tags=["log"])
EntryNumber = Annotated[int, Path(ge=0, lt=2**53)]
Size = Annotated[int, Query(ge=0, lt=2**53)]


@router.get(
    "/checkpoint",
    summary="The newest signed checkpoint, with its countersignatures",
    response_class=PlainTextResponse,
    responses=refusals(404),
)
def checkpoint(office: OfficeHere) -> PlainTextResponse:
    """A signed note (c2sp.org/tlog-checkpoint)."""
    with office.database.reading() as session:
        return PlainTextResponse(reading.whole_note(session, reading.newest_checkpoint(session)))


@router.get(
    "/trust",
    summary="The keys of this log and of its witnesses",
    response_class=PlainTextResponse,
    responses=refusals(404),
)
def trust(office: OfficeHere) -> PlainTextResponse:
    """A trust file. Compare its SHA-256 with the fingerprint on paper: this page proves nothing about itself."""
    if office.signer is None:
        raise EntryNotFoundError("got a log without a key, expected one: is PHATNGUOI_LOG_KEY set?")
    return PlainTextResponse(office.signer.trust.text)


@router.get("/entries/{number}", summary="One entry", responses=refusals(404, 422))
def entry(number: EntryNumber, office: OfficeHere) -> EntryAnswer:
    with office.database.reading() as session:
        return reading.entry(session, number)


@router.get("/proofs/inclusion", summary="That an entry is in the log", responses=refusals(404, 422))
def inclusion(number: Size, size: Size, office: OfficeHere) -> ProofAnswer:
    with office.database.reading() as session:
        return reading.answered(size, reading.inclusion(session, number, size))


@router.get("/proofs/consistency", summary="That the log was only ever added to", responses=refusals(404, 422))
def consistency(old_size: Size, size: Size, office: OfficeHere) -> ProofAnswer:
    with office.database.reading() as session:
        return reading.answered(size, reading.consistency(session, old_size, size))
