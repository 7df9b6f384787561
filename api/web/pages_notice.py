"""The citizen's page: what the notice says, the picture once the plate is typed, and a way to disagree."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

import segno
from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, RedirectResponse, Response

from api.bundles.endpoints import bundle_response
from api.errors import InputError, NoticeNotFoundError, OfficeError
from api.evidence import file_response
from api.notices.schemas import ContestKind, NoticeView
from api.notices.service import CONTEST_CHARACTERS
from api.notices.timing import answer_at
from api.office import Office, OfficeHere
from api.web import format
from api.web.access import CheckedForm
from api.web.failures import PageRoute
from api.web.render import is_secure, page, page_text
from api.web.text import Text
from models.domain.cases import MoveNotAllowedError
from models.verify.trust import spaced

VISIT_COOKIE = "phatnguoi_visit"
NOTHING_TYPED = {"plate": "", "kind": "", "text": ""}
router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    act: str
    occurred: str
    place: str
    reference: str
    amount: str | None
    points: str | None
    respond_by: str


@dataclass(frozen=True, slots=True)
class StandingView:
    """What has become of the notice; on top of everything else. `tone`: warn or calm."""

    tone: str
    title: str
    text: str


@router.get("/t/{case_id}")
def show_notice(request: Request, office: OfficeHere, case_id: str, c: str = "") -> Response:
    return _notice_page(request, office, case_id, c)


@router.get("/t/{case_id}/picture")
def show_picture(request: Request, office: OfficeHere, case_id: str, c: str = "") -> FileResponse:
    _view(office, case_id, c)
    return file_response(office.notices.picture(c, request.cookies.get(VISIT_COOKIE, "")))


@router.get("/t/{case_id}/bundle")
def show_bundle(request: Request, office: OfficeHere, case_id: str, c: str = "") -> Response:
    return bundle_response(office, case_id, c, request.cookies.get(VISIT_COOKIE, ""))


@router.post("/t/{case_id}/plate")
async def open_picture(request: Request, form: CheckedForm, office: OfficeHere, case_id: str) -> Response:
    """One answer, at one time, for a wrong plate, an unknown link, and a link without tries left."""
    asked_at, code, plate = time.monotonic(), form["c"], form["plate"]
    visit = await run_in_threadpool(office.notices.open_picture, code, plate) if plate else None
    await answer_at(asked_at, office.settings.citizen_answer_after_s)
    if visit is None:
        t = page_text(request)
        problem = t("notice.picture_refused" if plate else "notice.picture_error")
        return page(
            request, "notice_plate.html", status=422, page_url=f"/t/{case_id}",
            case_id=case_id, code=code, plate=plate, problem=problem, hotline=office.settings.hotline,
        )  # fmt: skip
    response = _to_notice(case_id, code, "picture")
    response.set_cookie(
        VISIT_COOKIE,
        visit,
        max_age=int(office.settings.picture_visit.total_seconds()),
        path=f"/t/{case_id}",
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
    )
    return response


@router.post("/t/{case_id}/contest")
def contest(request: Request, form: CheckedForm, office: OfficeHere, case_id: str) -> Response:
    t, code, kind, text = page_text(request), form["c"], form["kind"], form["text"]
    typed = {"kind": kind, "text": text}
    if kind not in get_args(ContestKind):
        wrong = {"kind": t("notice.contest_error_choice")}
        return _notice_page(request, office, case_id, code, typed=typed, wrong=wrong)
    try:
        _view(office, case_id, code)
        office.notices.contest(code, cast("ContestKind", kind), text)
    except NoticeNotFoundError:
        return _missing(request, case_id)
    except InputError:
        key = "notice.contest_error_long" if len(text) > CONTEST_CHARACTERS else "notice.contest_error_words"
        wrong = {"text": t(key, count=CONTEST_CHARACTERS)}
        return _notice_page(request, office, case_id, code, typed=typed, wrong=wrong)
    except MoveNotAllowedError:  # contested already, withdrawn, expired: the page says which
        pass
    return _to_notice(case_id, code)


def _to_notice(case_id: str, code: str, place: str = "") -> RedirectResponse:
    url = f"/t/{case_id}?c={format.in_address(code)}" + (f"#{place}" if place else "")
    return RedirectResponse(url, status_code=303)


def _view(office: Office, case_id: str, code: str) -> NoticeView:
    """The notice of this code, if it is this case's.

    Raises:
        NoticeNotFoundError: unknown or expired code, or another case's.
    """
    view = office.notices.view(code)
    if view.case_id != case_id:
        raise NoticeNotFoundError("got the code of another case, expected this one's")
    return view


def _missing(request: Request, case_id: str) -> Response:
    return page(request, "notice_missing.html", status=404, page_url=f"/t/{case_id}")


def _notice_page(
    request: Request,
    office: Office,
    case_id: str,
    code: str,
    *,
    typed: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> Response:
    try:
        view = _view(office, case_id, code)
    except NoticeNotFoundError:
        return _missing(request, case_id)
    t = page_text(request)
    picture, is_missing = _picture(request, office, view, code)
    values: dict[str, Any] = {
        "notice": view,
        "facts": _facts(view, t),
        "standing": _standing(view, t),
        "code": code,
        "picture_url": picture,
        "picture_missing": is_missing,
        "bundle_url": picture and view.trust_fingerprint and f"/t/{case_id}/bundle?c={format.in_address(code)}",
        "fingerprint": spaced(view.trust_fingerprint) if view.trust_fingerprint else None,
        "verify_url": _verify_url(office, view),
        "verify_code": _qr(_verify_url(office, view)),
        "can_contest": view.state == "notice_issued",
        "longest_text": CONTEST_CHARACTERS,
        "typed": NOTHING_TYPED | dict(typed or {}),
        "wrong": wrong or {},
    }
    url = f"/t/{case_id}"
    return page(request, "notice.html", status=422 if wrong else 200, page_url=url, page_query={"c": code}, **values)


def _verify_url(office: Office, view: NoticeView) -> str | None:
    """Where the evidence is checked. What follows the # never leaves the browser."""
    if view.trust_fingerprint is None:
        return None
    return f"{str(office.settings.public_url).rstrip('/')}/verify#{view.trust_fingerprint}"


def _qr(url: str | None) -> Markup | None:
    """The address as a QR code: an SVG of its own."""
    if url is None:
        return None
    return Markup(segno.make(url, error="m").svg_inline(scale=4, svgclass="qr", lineclass=None, border=4))  # noqa: S704


def _picture(request: Request, office: Office, view: NoticeView, code: str) -> tuple[str | None, bool]:
    """The picture's address once the plate was typed; and whether it should be there but cannot be had."""
    visit = request.cookies.get(VISIT_COOKIE)
    if visit is None or view.withdrawn_at is not None:
        return None, False
    try:
        office.notices.picture(code, visit)
    except NoticeNotFoundError:
        return None, False
    except OfficeError:
        return None, True
    return f"/t/{view.case_id}/picture?c={format.in_address(code)}", False


def _facts(view: NoticeView, t: Text) -> NoticeFacts:
    has_row = view.minimum_vnd is not None and view.maximum_vnd is not None
    act_key = f"act.{view.act_code}"
    return NoticeFacts(
        act=t(act_key) if t.has(act_key) else view.act,
        occurred=format.local_time(view.occurred_at, view.timezone),
        place=view.place or view.camera_name,
        reference=format.reference(view.reference, view.decree, t) if view.reference else view.act_code,
        amount=format.amount(view.minimum_vnd or 0, view.maximum_vnd or 0, t) if has_row else None,
        points=format.points(view.points or 0, t) if has_row else None,
        respond_by=format.day(view.respond_by),
    )


def _standing(view: NoticeView, t: Text) -> StandingView | None:
    if view.withdrawn_at is not None:
        reason = view.withdrawn_reason or t("app.none")
        return StandingView("warn", t("notice.withdrawn_title"), t("notice.withdrawn_text", reason=reason))
    if view.state == "contested":
        return StandingView("calm", t("notice.contested_title"), t("notice.contested_text"))
    if view.state == "expired":
        return StandingView("calm", t("notice.expired_title"), t("notice.expired_text"))
    if view.state == "notice_issued" and view.has_contested:
        return StandingView("warn", t("notice.upheld_title"), t("notice.upheld_text"))
    return None
