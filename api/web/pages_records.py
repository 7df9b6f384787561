"""Files of records in the browser: brought, tried row by row, then imported whole."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.audits.records.mapping import ENCODINGS, FIELDS, SEPARATORS, TIME_FORMS, RecordMapping
from api.audits.schemas import RecordFile
from api.errors import InputError, RecordsRefusedError
from api.office import OfficeHere
from api.people.sessions import SignedIn
from api.web import format
from api.web.access import CheckedForm, FileForm, Form, Person
from api.web.failures import PageRoute
from api.web.pages_audits import DaysHere, StationId, asked_days
from api.web.render import page, page_text
from models.domain.audits import RECORD_KINDS, Days, RecordKind

router = APIRouter(prefix="/audits", route_class=PageRoute, include_in_schema=False)
FileId = Annotated[str, Path(pattern=r"^[0-9a-z]{26}$")]


@router.get("/{station_id}/records")
def show_records(
    request: Request, person: Person, office: OfficeHere, station_id: StationId, days: DaysHere, kind: str = ""
) -> Response:
    return _page(request, person, office, station_id, _kind(kind), days)


@router.post("/{station_id}/records")
def try_file(request: Request, person: Person, form: FileForm, office: OfficeHere, station_id: StationId) -> Response:
    kind = _kind(form["kind"])
    days = asked_days(request, office)
    try:
        days = date.fromisoformat(form["first_day"]), date.fromisoformat(form["last_day"])
        mapping = _mapping(form, kind)
        file = form.file("file")
        if file is None or not file.filename:
            raise InputError("file", "got no file, expected one")
        trial = office.records.try_file(person.actor, station_id, file.filename, file.file, mapping, Days(*days))
    except (ValidationError, InputError, ValueError) as error:
        wrong = error.field if isinstance(error, InputError) else "mapping"
        return _page(request, person, office, station_id, kind, days, wrong=wrong)
    return RedirectResponse(f"/audits/files/{trial}", status_code=303)


@router.get("/files/{file_id}")
def show_file(request: Request, person: Person, office: OfficeHere, file_id: FileId) -> Response:
    return _file_page(request, person, office, file_id)


@router.post("/files/{file_id}/import")
def import_file(request: Request, person: Person, _form: CheckedForm, office: OfficeHere, file_id: FileId) -> Response:
    try:
        office.records.import_file(person.actor, file_id)
    except RecordsRefusedError:
        return _file_page(request, person, office, file_id, problem="audits.import_refused")
    station_id, file = office.records.file(person.actor, file_id)
    first, last = file.first_day, file.last_day
    return RedirectResponse(f"/audits/{station_id}?first={first}&last={last}&said=imported", status_code=303)


def _kind(text: str) -> RecordKind:
    return next((kind for kind in RECORD_KINDS if kind == text), RECORD_KINDS[0])


def _mapping(form: Form, kind: RecordKind) -> RecordMapping:
    columns = {each.name: form[f"column_{each.name}"] for each in FIELDS[kind]}
    return RecordMapping.model_validate(
        {
            "kind": kind,
            "separator": form["separator"],
            "encoding": form["encoding"],
            "time_form": form["time_form"],
            "columns": {name: header for name, header in columns.items() if header},
        }
    )


def _page(
    request: Request,
    person: SignedIn,
    office: OfficeHere,
    station_id: str,
    kind: RecordKind,
    days: tuple[date, date],
    wrong: str | None = None,
) -> Response:
    station = office.audits.station(person.actor, station_id)
    return page(
        request,
        "audits_records.html",
        status=422 if wrong else 200,
        person=person,
        at="audits",
        station=station,
        kind=kind,
        kinds=RECORD_KINDS,
        fields=FIELDS[kind],
        mapping=office.records.mapping(person.actor, station_id, kind),
        separators=tuple(SEPARATORS),
        encodings=ENCODINGS,
        time_forms=tuple(TIME_FORMS),
        first=days[0].isoformat(),
        last=days[1].isoformat(),
        files=[_file_view(each, station.timezone) for each in office.records.files(person.actor, station_id)],
        wrong=wrong,
        any_simulated=station.is_simulated,
        page_url=f"/audits/{station_id}/records",
        page_query={"kind": kind},
    )


def _file_page(
    request: Request, person: SignedIn, office: OfficeHere, file_id: str, problem: str | None = None
) -> Response:
    station_id, file = office.records.file(person.actor, file_id)
    station = office.audits.station(person.actor, station_id)
    return page(
        request,
        "audits_file.html",
        status=409 if problem else 200,
        person=person,
        at="audits",
        station=station,
        file=_file_view(file, station.timezone),
        problem=None if problem is None else page_text(request)(problem),
        any_simulated=station.is_simulated,
        page_url=f"/audits/files/{file_id}",
    )


def _file_view(file: RecordFile, timezone: str) -> dict[str, object]:
    return {
        "id": file.id,
        "kind": file.kind,
        "name": file.name,
        "sha256": file.sha256,
        "state": file.state,
        "rows": file.rows,
        "problems": file.problems,
        "problem_count": file.problem_count,
        "counts": file.counts,
        "days": f"{format.day(file.first_day)} – {format.day(file.last_day)}",
        "by": file.brought_by,
        "at": format.local_time(file.imported_at or file.brought_at, timezone, with_seconds=False),
    }
