"""The witness over HTTP (c2sp.org/tlog-witness), and its newest checkpoint of each log for whoever compares."""

from __future__ import annotations

import base64
import binascii
import logging
import re

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from phatnguoi.witness.book import WitnessBook, WitnessRefusedError

BODY_LIMIT_BYTES = 32_768
PROOF_HASHES = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,15})")
_log = logging.getLogger("phatnguoi.witness")


def make_app(book: WitnessBook) -> Starlette:
    """`POST /add-checkpoint`, `GET /checkpoint?origin=`, `GET /healthz`."""

    async def add(request: Request) -> Response:
        try:
            old_size, proof, note = parse_request(await _body(request))
            line = await run_in_threadpool(book.add, old_size, proof, note)
        except WitnessRefusedError as error:
            _log.warning("a checkpoint is refused: %s", error)
            if error.size is not None and error.status == 409:
                return PlainTextResponse(f"{error.size}\n", 409, media_type="text/x.tlog.size")
            return PlainTextResponse(f"{error}\n", error.status)
        return PlainTextResponse(f"{line}\n")

    async def newest(request: Request) -> Response:
        kept = await run_in_threadpool(book.newest, request.query_params.get("origin", ""))
        if kept is None:
            return PlainTextResponse("no such log\n", 404)
        return PlainTextResponse(f"{kept.note}{kept.line}\n")

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[
            Route("/add-checkpoint", add, methods=["POST"]),
            Route("/checkpoint", newest),
            Route("/healthz", health),
        ]
    )


def parse_request(body: bytes) -> tuple[int, list[bytes], str]:
    """Old size, proof, and the checkpoint's note.

    Raises:
        WitnessRefusedError: `malformed`.
    """
    try:
        head, mark, note = body.decode("utf-8").partition("\n\n")
        first, *lines = head.split("\n")
        stated = _OLD.fullmatch(first)
        proof = [base64.b64decode(line, validate=True) for line in lines]
    except (UnicodeDecodeError, binascii.Error, ValueError):
        stated, mark, note, proof = None, "", "", []
    if stated is None or not mark or len(proof) > PROOF_HASHES or any(len(each) != 32 for each in proof):
        raise WitnessRefusedError(400, "malformed", "got no request, expected old <size>, proof, blank line, note")
    return int(stated.group(1)), proof, note


async def _body(request: Request) -> bytes:
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > BODY_LIMIT_BYTES:
            raise WitnessRefusedError(413, "malformed", f"got more than {BODY_LIMIT_BYTES} bytes")
    return bytes(found)
