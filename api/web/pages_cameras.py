"""Cameras: the list, one camera with its file and its rules, and a proposed file that waits for a second person."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.cameras.files import check_text
from api.cameras.schemas import Answer, FileVersion
from api.cameras.service import APPROVERS, EDITORS
from api.errors import AcceptanceRefusedError, CameraNotFoundError, InputError, ProposalStaleError, SamePersonError
from api.office import Office, OfficeHere
from api.people.sessions import SignedIn
from api.web import format
from api.web.access import CheckedForm, Person
from api.web.camera_view import answer_words, changes_of, diff_lines, drawn_shapes, rules_of
from api.web.case_view import rule_name
from api.web.failures import PageRoute
from api.web.render import page, page_text
from models.domain.camera_jobs import ROAD_PICTURE

ZONE = "Asia/Ho_Chi_Minh"
SAID = ("proposed", "approved", "refused", "withdrawn", "asked", "accepted", "revoked")
router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/cameras")
def show_cameras(request: Request, person: Person, office: OfficeHere) -> Response:
    lines = office.cameras.lines(person.actor)
    may_edit = bool(person.actor.roles.intersection(EDITORS))
    return page(request, "cameras.html", person=person, at="cameras", lines=lines, may_edit=may_edit)


@router.get("/cameras/answers/{answer_id}")
def show_answer(request: Request, person: Person, office: OfficeHere, answer_id: str) -> Response:
    """For the editor's script, which asks until there is an answer."""
    answer = office.camera_answers.read(person.actor, answer_id)
    content = {"state": answer.state, "words": answer_words(answer, page_text(request)), "content": answer.content,
               "pictures": list(answer.pictures)}  # fmt: skip
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


@router.get("/cameras/answers/{answer_id}/{name}")
def show_picture(person: Person, office: OfficeHere, answer_id: str, name: str) -> Response:
    body = office.camera_answers.picture(person.actor, answer_id, name)
    headers = {"Cache-Control": "private, no-store", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(body, media_type="image/jpeg", headers=headers)


@router.get("/cameras/files/{file_id}")
def show_file(request: Request, person: Person, office: OfficeHere, file_id: str) -> Response:
    return _file_page(request, person, office, file_id)


@router.post("/cameras/files/{file_id}/approve")
def approve(request: Request, person: Person, form: CheckedForm, office: OfficeHere, file_id: str) -> Response:
    try:
        office.cameras.approve(person.actor, file_id)
    except SamePersonError:
        return _file_page(request, person, office, file_id, problem="cameras.same_person")
    except ProposalStaleError:
        return _file_page(request, person, office, file_id, problem="cameras.stale")
    camera_id = office.cameras.file(person.actor, file_id).camera_id
    return RedirectResponse(f"/cameras/{camera_id}?said=approved", status_code=303)


@router.post("/cameras/files/{file_id}/refuse")
def refuse(request: Request, person: Person, form: CheckedForm, office: OfficeHere, file_id: str) -> Response:
    try:
        office.cameras.refuse(person.actor, file_id, form["reason"])
    except InputError:
        return _file_page(request, person, office, file_id, problem="cameras.reason_missing")
    state = office.cameras.file(person.actor, file_id).state
    return RedirectResponse(f"/cameras?said={state}", status_code=303)


@router.get("/cameras/{camera_id}")
def show_camera(request: Request, person: Person, office: OfficeHere, camera_id: str, said: str = "") -> Response:
    return _camera_page(request, person, office, camera_id, said=f"cameras.said_{said}" if said in SAID else None)


@router.post("/cameras/{camera_id}/rules/{rule}/ask")
def ask_acceptance(
    request: Request, person: Person, form: CheckedForm, office: OfficeHere, camera_id: str, rule: str
) -> Response:
    try:
        office.acceptances.ask(person.actor, camera_id, rule)
    except AcceptanceRefusedError:
        return _camera_page(request, person, office, camera_id, problem="cameras.cannot_accept")
    return RedirectResponse(f"/cameras/{camera_id}?said=asked#rules", status_code=303)


@router.post("/cameras/{camera_id}/accept/{request_id}")
def accept(
    request: Request, person: Person, form: CheckedForm, office: OfficeHere, camera_id: str, request_id: str
) -> Response:
    try:
        office.acceptances.accept(person.actor, request_id)
    except SamePersonError:
        return _camera_page(request, person, office, camera_id, problem="cameras.same_person")
    except AcceptanceRefusedError:
        return _camera_page(request, person, office, camera_id, problem="cameras.cannot_accept")
    return RedirectResponse(f"/cameras/{camera_id}?said=accepted#rules", status_code=303)


@router.post("/cameras/{camera_id}/rules/{rule}/revoke")
def revoke(
    request: Request, person: Person, form: CheckedForm, office: OfficeHere, camera_id: str, rule: str
) -> Response:
    try:
        office.acceptances.revoke(person.actor, camera_id, rule, form["reason"])
    except InputError:
        return _camera_page(request, person, office, camera_id, problem="cameras.reason_missing")
    return RedirectResponse(f"/cameras/{camera_id}?said=revoked#rules", status_code=303)


def _file_page(
    request: Request, person: SignedIn, office: Office, file_id: str, *, problem: str | None = None
) -> Response:
    version = office.cameras.file(person.actor, file_id)
    before = office.cameras.base_text(version)
    checked = check_text(version.text)
    trial = office.camera_answers.newest(person.actor, version.camera_id, "try_rules", version.sha256)
    values: dict[str, Any] = {
        "version": version,
        "shapes": [] if checked.camera is None else drawn_shapes(checked.camera),
        "frame": None if checked.camera is None else checked.camera.frame,
        "changes": changes_of(before, checked),
        "diff": diff_lines(before or "", version.text),
        "picture": picture_of(office, person, version.camera_id),
        "trial": trial,
        "trial_words": "" if trial is None else answer_words(trial, page_text(request)),
        "is_own": version.proposed_by == person.person_id,
        "may_decide": version.state == "proposed" and bool(person.actor.roles.intersection(APPROVERS)),
        "when": _when(version),
        "problem": problem,
    }
    status = 409 if problem else 200
    return page(
        request, "cameras_file.html", status=status, person=person, at="cameras", page_url=f"/cameras/files/{file_id}",
        **values,
    )  # fmt: skip


def _camera_page(
    request: Request,
    person: SignedIn,
    office: Office,
    camera_id: str,
    *,
    problem: str | None = None,
    said: str | None = None,
) -> Response:
    versions = office.cameras.versions(person.actor, camera_id)
    current = next((each for each in versions if each.state == "approved"), None)
    camera = None if current is None else check_text(current.text).camera
    line = next((each for each in office.cameras.lines(person.actor) if each.id == camera_id), None)
    t = page_text(request)
    trial = (
        None if current is None else office.camera_answers.newest(person.actor, camera_id, "try_rules", current.sha256)
    )
    loading = None if current is None else office.camera_answers.newest(person.actor, camera_id, "reload_camera")
    values: dict[str, Any] = {
        "camera_id": camera_id,
        "camera": camera,
        "line": line,
        "current": current,
        "versions": [(each, _when(each)) for each in versions],
        "shapes": [] if camera is None else drawn_shapes(camera),
        "picture": picture_of(office, person, camera_id),
        "standings": office.acceptances.standings(person.actor, camera_id, rules_of(camera)),
        "checks": _checks(trial),
        "loading": None
        if loading is None
        else t("cameras.loaded")
        if loading.state == "done"
        else answer_words(loading, t),
        "loading_state": "" if loading is None else loading.state,
        "rule_name": lambda rule: rule_name(rule, t),
        "modes": {} if camera is None else {entry.rule: entry.mode for entry in camera.rules},
        "may_edit": bool(person.actor.roles.intersection(EDITORS)),
        "may_sign": bool(person.actor.roles.intersection({"reviewer", "supervisor"})),
        "may_revoke": "supervisor" in person.actor.roles,
        "own_id": person.person_id,
        "day": lambda moment: format.local_time(moment, ZONE, with_seconds=False),
        "problem": problem,
        "said": said,
    }
    status = 409 if problem else 200
    return page(
        request,
        "cameras_one.html",
        status=status,
        person=person,
        at="cameras",
        page_url=f"/cameras/{camera_id}",
        **values,
    )


def _checks(trial: Answer | None) -> dict[str, list[dict[str, str]]]:
    """What the newest trial of the file in force found each rule able to do; by the rule's code."""
    found: dict[str, list[dict[str, str]]] = {}
    for check in [] if trial is None else trial.content.get("checks", []):
        words = check["what"].split(" ")
        if words[0] == "rule" and len(words) > 1:
            found.setdefault(words[1], []).append(check)
    return found


def picture_of(office: Office, person: SignedIn, camera_id: str) -> str | None:
    """Address of the newest picture that this person may see: the road without people, which everybody may."""
    try:
        answer = office.camera_answers.newest(person.actor, camera_id, "snapshot")
    except CameraNotFoundError:  # a camera that nobody has proposed yet
        return None
    if answer is None or ROAD_PICTURE not in answer.pictures:
        return None
    return f"/cameras/answers/{answer.id}/{ROAD_PICTURE}"


def _when(version: FileVersion) -> str:
    return format.local_time(version.proposed_at, ZONE, with_seconds=False)
