"""The editor of a camera file: a picture to draw on, numbers beside it, the same YAML below."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.cameras.files import check_text, plain, to_text
from api.cameras.schemas import Checked, Proposal
from api.cameras.service import EDITORS
from api.errors import InputError, ProposalStaleError
from api.office import Office, OfficeHere
from api.people.sessions import SignedIn
from api.web.access import CheckedForm, Form, Person
from api.web.camera_view import check_answer
from api.web.failures import PageRoute
from api.web.pages_cameras import picture_of
from api.web.render import page, page_text
from api.web.text import Text, catalogue
from models.camera_file import CameraFileError
from models.domain.camera_jobs import FILE_LIMIT_BYTES, LONGEST_TRIAL_S
from models.domain.scene import VEHICLE_CLASSES

COPIED = ("frame", "ground", "signals", "lines", "zones", "lanes", "rules")
"""What is taken from another camera: what is drawn, and what is asked of it; never who it is or where it streams."""
TRIAL_SECONDS = (10, 30, LONGEST_TRIAL_S)
BLANK: dict[str, Any] = {
    "schema": 1, "id": "", "name": "", "source": "", "timezone": "Asia/Ho_Chi_Minh",
    "site": {"address": "", "agency": "", "kind": "police_device"}, "frame": {"width": 1920, "height": 1080},
}  # fmt: skip
WORDS = (
    "point", "add_point", "remove_point", "remove", "removed", "name", "lines", "lanes", "zones", "signals", "ground",
    "rules", "from", "heading", "settings", "mode", "solid", "exclude", "metres", "ground_error", "ground_four",
    "ground_few", "residual", "rectangle", "apply", "length", "no_ground", "known_length", "length_off", "claims_none",
    "claims", "claim", "claim_picture", "show", "use_size", "failed", "before", "after", "what", "unchanged", "complex",
)  # fmt: skip
router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/cameras/new")
def draw_new(request: Request, person: Person, office: OfficeHere, copy: str = "") -> Response:
    person.actor.needs(*EDITORS)
    content = BLANK | _copied(office, person, copy) | ({"site": BLANK["site"] | {"agency": person.actor.agency or ""}})
    return _editor(request, person, office, None, {"text": to_text(content)})


@router.post("/cameras/new")
def propose_new(request: Request, person: Person, form: CheckedForm, office: OfficeHere) -> Response:
    return _propose(request, person, office, None, form)


@router.get("/cameras/{camera_id}/edit")
def draw(
    request: Request, person: Person, office: OfficeHere, camera_id: str, copy: str = "", file: str = ""
) -> Response:
    person.actor.needs(*EDITORS)
    text = _text_of(office, person, camera_id, file)
    if copy:
        content = check_answer(check_text(text), None)["content"] or BLANK
        text = to_text(content | _copied(office, person, copy))
    return _editor(request, person, office, camera_id, {"text": text})


@router.post("/cameras/{camera_id}/edit")
def propose(request: Request, person: Person, form: CheckedForm, office: OfficeHere, camera_id: str) -> Response:
    return _propose(request, person, office, camera_id, form)


@router.post("/cameras/draw/check")
def check(person: Person, form: CheckedForm, office: OfficeHere) -> Response:
    """What a drawing, or a text, is worth: the same reader as everywhere."""
    person.actor.needs(*EDITORS)
    checked = _sent(form)
    base = _base_text(office, person, form["camera"])
    return JSONResponse(check_answer(checked, base), headers={"Cache-Control": "no-store"})


@router.post("/cameras/draw/ask")
def ask(person: Person, form: CheckedForm, office: OfficeHere) -> Response:
    """Asks the worker for a picture (`snapshot`) or what would be claimed (`try_rules`)."""
    text = _sent(form).text
    try:
        if form["kind"] == "try_rules":
            seconds = int(form["seconds"]) if form["seconds"].isdigit() else 0
            answer_id = office.camera_answers.ask_trial(person.actor, text, form["worker"], seconds)
        else:
            answer_id = office.camera_answers.ask_snapshot(person.actor, text, form["worker"])
    except CameraFileError as error:
        place = ".".join(str(part) for part in error.place)
        return JSONResponse(
            {"problem": {"place": place, "message": error.problem, "line": error.line}}, status_code=422
        )
    except InputError as error:
        return JSONResponse({"problem": {"place": error.field, "message": str(error), "line": None}}, status_code=422)
    return JSONResponse({"id": answer_id})


def _sent(form: Form) -> Checked:
    """The text that was sent, or the text of the drawing that was sent."""
    raw = form.raw("content")
    if not raw:
        return check_text(form.raw("text").replace("\r\n", "\n"))
    if len(raw) > FILE_LIMIT_BYTES:
        raise InputError("content", f"got {len(raw)} characters, expected at most {FILE_LIMIT_BYTES}")
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        raise InputError("content", "got no JSON, expected a drawing") from None
    if not isinstance(content, dict):
        raise InputError("content", "got no mapping, expected a drawing")
    return check_text(to_text(content))


def _propose(request: Request, person: SignedIn, office: Office, camera_id: str | None, form: Form) -> Response:
    text = form.raw("text").replace("\r\n", "\n")
    typed = {"text": text, **{name: form[name] for name in ("worker", "unit_telephone", "note", "base_sha256")}}
    try:
        proposal = Proposal(text, form["base_sha256"] or None, form["worker"], form["unit_telephone"], form["note"])
        file_id = office.cameras.propose(person.actor, camera_id, proposal)
    except CameraFileError as error:
        place = ".".join(str(part) for part in error.place)
        return _editor(request, person, office, camera_id, typed, wrong=(place or "text", error.problem))
    except InputError as error:
        return _editor(request, person, office, camera_id, typed, wrong=(error.field, str(error)))
    except ProposalStaleError:
        return _editor(request, person, office, camera_id, typed, wrong=("text", page_text(request)("cameras.stale")))
    return RedirectResponse(f"/cameras/files/{file_id}", status_code=303)


def _editor(
    request: Request,
    person: SignedIn,
    office: Office,
    camera_id: str | None,
    typed: Mapping[str, str],
    *,
    wrong: tuple[str, str] | None = None,
) -> Response:
    checked = check_text(typed["text"])
    current = None if camera_id is None else office.cameras.current(person.actor, camera_id)
    workers = office.cameras.workers()
    usual = {
        "worker": (camera_id and office.cameras.worker_of(camera_id)) or (workers[0] if len(workers) == 1 else ""),
        "unit_telephone": "" if current is None else current.unit_telephone,
        "note": "",
        "base_sha256": "" if current is None else current.sha256,
    }
    answer = check_answer(checked, None if current is None else current.text)
    answer["content"] = answer["content"] or plain(typed["text"])
    others = [line for line in office.cameras.lines(person.actor) if line.id != camera_id and not line.is_new]
    values: dict[str, Any] = {
        "camera_id": camera_id,
        "typed": usual | dict(typed),
        "answer": json.dumps(answer, ensure_ascii=False),
        "picture": None if camera_id is None else picture_of(office, person, camera_id),
        "workers": workers,
        "others": others,
        "seconds": TRIAL_SECONDS,
        "wrong": wrong,
        "words": json.dumps(_words(page_text(request)), ensure_ascii=False),
        "action": "/cameras/new" if camera_id is None else f"/cameras/{camera_id}/edit",
    }
    status = 422 if wrong else 200
    return page(
        request,
        "cameras_edit.html",
        status=status,
        person=person,
        at="cameras",
        page_url=str(values["action"]),
        **values,
    )


def _words(t: Text) -> dict[str, str]:
    """What the editor's script says; its `{places}` are filled there."""
    names = {f"vehicle_{name}": t(f"vehicle.{name}") for name in VEHICLE_CLASSES}
    rules = {key.replace(".", "_"): t(key) for key in catalogue() if key.startswith("rule.")}
    return {name: t(f"cameras.word_{name}") for name in WORDS} | names | rules


def _base_text(office: Office, person: SignedIn, camera_id: str) -> str | None:
    if not camera_id:
        return None
    current = office.cameras.current(person.actor, camera_id)
    return None if current is None else current.text


def _text_of(office: Office, person: SignedIn, camera_id: str, file_id: str) -> str:
    """Of one version where it is named, else of the file in force, else of the newest proposal."""
    if file_id:
        version = office.cameras.file(person.actor, file_id)
        return version.text if version.camera_id == camera_id else ""
    versions = office.cameras.versions(person.actor, camera_id)
    chosen = next((each for each in versions if each.state == "approved"), versions[0] if versions else None)
    return to_text(BLANK | {"id": camera_id}) if chosen is None else chosen.text


def _copied(office: Office, person: SignedIn, camera_id: str) -> dict[str, Any]:
    """What another camera's file draws; empty where nothing is asked for."""
    if not camera_id:
        return {}
    current = office.cameras.current(person.actor, camera_id)
    content = None if current is None else check_answer(check_text(current.text), None)["content"]
    return {} if content is None else {key: content[key] for key in COPIED if key in content}
