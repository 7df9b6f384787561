"""The page on which anybody checks a bundle in their own browser. Nothing is sent: the page's policy forbids it."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.web.failures import PageRoute
from api.web.render import page, page_text
from api.web.text import Text

STEPS = (
    "issuer", "listed", "checkpoints", "entries", "manifest", "witness", "key", "signature", "contents", "decision",
)  # fmt: skip
VERDICTS = ("genuine", "tampered", "unknown", "cannot")
REASONS = (
    "malformed", "digest_mismatch", "signature_invalid", "not_in_log", "log_forked", "key_revoked", "entry_mismatch",
    "time_contradiction", "unknown_issuer", "not_witnessed", "no_crypto", "no_unzip", "not_readable",
)  # fmt: skip
WORDS = (
    "verify.checking", "verify.no_witness", "verify.notice_number", "verify.claim", "verify.occurred", "verify.place",
    "verify.sealed_by", "verify_verdict.withdrawn", "verify_verdict.cannot_here",
)  # fmt: skip
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src blob:",
        "font-src 'self'",
        "connect-src 'none'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/verify")
def show_verify(request: Request) -> Response:
    t = page_text(request)
    response = page(request, "verify.html", page_url="/verify", texts=json.dumps(_texts(t), ensure_ascii=False))
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


def _texts(t: Text) -> dict[str, str]:
    """What the page's script says."""
    keys = [*WORDS, *(f"verify_step.{name}" for name in STEPS), *(f"verify_reason.{name}" for name in REASONS)]
    keys += [f"verify_verdict.{name}" for name in VERDICTS] + [f"verify_verdict.{name}_text" for name in VERDICTS]
    return {key: t(key) for key in keys}
