"""The auditor's pages: stations, what their cameras could see, findings, and the decision on each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import RedirectResponse, Response

from api.audits.report import REPORT_NAME
from api.audits.schemas import StationLine
from api.errors import InputError
from api.evidence import file_response
from api.office import OfficeHere
from api.people.sessions import SignedIn
from api.web import format
from api.web.access import CheckedForm, Person
from api.web.audit_view import coverage_view, finding_line, finding_view, run_view
from api.web.failures import PageRoute
from api.web.render import page, page_text

router = APIRouter(prefix="/audits", route_class=PageRoute, include_in_schema=False)
StationId = Annotated[str, Path(pattern=r"^[a-z0-9-]{3,40}$")]
FindingId = Annotated[str, Path(pattern=r"^[0-9a-z]{26}$")]
USUAL_DAYS = 7


def asked_days(request: Request, office: OfficeHere) -> tuple[date, date]:
    """The period of the address; the last seven whole days where it names none that can be read."""
    today = format.local_day(office.clock(), format.OFFICE_ZONE)
    try:
        days = (date.fromisoformat(request.query_params["first"]), date.fromisoformat(request.query_params["last"]))
    except (KeyError, ValueError):
        return today - timedelta(days=USUAL_DAYS), today - timedelta(days=1)
    return days


DaysHere = Annotated[tuple[date, date], Depends(asked_days)]


@router.get("")
def show_stations(request: Request, person: Person, office: OfficeHere) -> Response:
    stations = office.audits.stations(person.actor)
    return page(request, "audits.html", person=person, at="audits", stations=stations,
                any_simulated=any(station.is_simulated for station in stations))  # fmt: skip


@router.get("/{station_id}")
def show_station(
    request: Request, person: Person, office: OfficeHere, station_id: StationId, days: DaysHere, said: str = ""
) -> Response:
    words = {"compared": "audits.said_compared", "imported": "audits.said_imported"}
    station = office.audits.station(person.actor, station_id)
    return _station_page(request, person, office, station, days, words.get(said))


def _station_page(
    request: Request,
    person: SignedIn,
    office: OfficeHere,
    station: StationLine,
    days: tuple[date, date],
    said: str | None,
) -> Response:
    t, problem = page_text(request), None
    try:
        cameras = office.audits.coverage(person.actor, station.id, *days)
        findings = office.audits.findings(person.actor, station.id, *days)
        run = office.audits.newest_run(person.actor, station.id, *days)
    except InputError:
        cameras, findings, run, problem = (), (), None, t("audits.wrong_period")
    return page(
        request,
        "audits_station.html",
        status=422 if problem else 200,
        person=person,
        at="audits",
        said=said,
        problem=problem,
        station=station,
        first=days[0].isoformat(),
        last=days[1].isoformat(),
        period=f"{format.day(days[0])} – {format.day(days[1])}",
        cameras=[coverage_view(each, days, station.timezone, t) for each in cameras],
        findings=[finding_line(each, station.timezone) for each in findings],
        run=None if run is None else run_view(run, station.timezone, t),
        can_sign=office.signer is not None,
        any_simulated=station.is_simulated,
    )


@router.post("/{station_id}/compare")
def compare(person: Person, form: CheckedForm, office: OfficeHere, station_id: StationId) -> Response:
    try:
        days = date.fromisoformat(form["first"]), date.fromisoformat(form["last"])
    except ValueError:
        raise InputError("last", "got no days, expected two as YYYY-MM-DD") from None
    office.audits.compare(person.actor, station_id, *days)
    return RedirectResponse(f"/audits/{station_id}?first={days[0]}&last={days[1]}&said=compared", status_code=303)


@router.get("/{station_id}/report.{kind}")
def report(
    person: Person, office: OfficeHere, station_id: StationId, days: DaysHere, kind: Literal["json", "pdf"]
) -> Response:
    made = office.audit_reports.make(person.actor, station_id, *days)
    is_pdf = kind == "pdf"
    name = f"{REPORT_NAME}-{station_id}-{days[0]}-{days[1]}.{'pdf' if is_pdf else 'json'}"
    return Response(
        made.pdf() if is_pdf else made.envelope,
        media_type="application/pdf" if is_pdf else "application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@router.get("/findings/{finding_id}")
def show_finding(
    request: Request, person: Person, office: OfficeHere, finding_id: FindingId, said: str = ""
) -> Response:
    words = {"confirmed": "audits.said_confirmed", "explained": "audits.said_explained",
             "rejected": "audits.said_rejected", "answered": "audits.said_answered"}  # fmt: skip
    return _finding_page(request, person, office, finding_id, said=words.get(said))


@router.post("/findings/{finding_id}/decide")
def decide(request: Request, person: Person, form: CheckedForm, office: OfficeHere, finding_id: FindingId) -> Response:
    typed = {"state": form["state"], "reason": form["reason"], "answer": form["answer"]}
    try:
        if form["act"] == "answer":
            office.audits.note_answer(person.actor, finding_id, typed["answer"])
        else:
            office.audits.decide(person.actor, finding_id, typed["state"], typed["reason"], typed["answer"])
    except InputError as error:
        return _finding_page(request, person, office, finding_id, typed=typed, wrong=error.field)
    done = "answered" if form["act"] == "answer" else typed["state"]
    return RedirectResponse(f"/audits/findings/{finding_id}?said={done}", status_code=303)


@router.get("/findings/{finding_id}/evidence/{name}")
def evidence(person: Person, office: OfficeHere, finding_id: FindingId, name: str) -> Response:
    return file_response(office.audits.evidence(person.actor, finding_id, name))


def _finding_page(
    request: Request,
    person: SignedIn,
    office: OfficeHere,
    finding_id: str,
    *,
    said: str | None = None,
    typed: dict[str, str] | None = None,
    wrong: str | None = None,
) -> Response:
    t = page_text(request)
    station_id, found = office.audits.finding(person.actor, finding_id)
    station = office.audits.station(person.actor, station_id)
    day = format.local_day(found.line.at, station.timezone)
    first, last = (format.local_day(each, station.timezone) for each in (found.window.since, found.window.until))
    cameras = office.audits.coverage(person.actor, station_id, first, last)
    return page(
        request,
        "audits_finding.html",
        status=422 if wrong else 200,
        person=person,
        at="audits",
        said=said,
        station=station,
        finding=finding_view(found, station.timezone, t),
        cameras=[coverage_view(each, (first, last), station.timezone, t, found.window) for each in cameras],
        day=day.isoformat(),
        typed=typed or {"state": "", "reason": "", "answer": found.answer or ""},
        wrong=wrong,
        any_simulated=station.is_simulated,
        page_url=f"/audits/findings/{finding_id}",
    )
