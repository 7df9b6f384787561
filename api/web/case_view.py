"""A case as its page shows it: everything already in words, so that the template only lays it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from api.cases.schemas import CaseFile
from api.web import format
from api.web.case_checks import Check, Deadline, deadlines, due_view, health, lease_words, missing_words, parts_there
from api.web.clip_view import ClipView, Timeline, clip_view, timeline
from api.web.text import Text
from models.domain.manifest import Manifest, SealedMoment

Pair = tuple[str, str]
PICTURES = (("before", "a_before.jpg"), ("at", "b_at.jpg"), ("beyond", "c_beyond.jpg"), ("vehicle", "vehicle.jpg"))


@dataclass(frozen=True, slots=True)
class LeadFigure:
    """The one number that decides. `tone` colours it."""

    name: str
    value: str
    uncertainty: str | None
    tone: str


@dataclass(frozen=True, slots=True)
class LawView:
    """The catalogue's row on the day of the offence: its place, its text, and since when it is in force."""

    reference: str
    text: str
    in_force: str
    amount: str
    points: str


@dataclass(frozen=True, slots=True)
class BoxView:
    """The accused vehicle in a whole picture, px of the camera file's frame; `aim` in per cent, for the zoom."""

    frame_width: int
    frame_height: int
    x: int
    y: int
    width: int
    height: int
    aim_x: int
    aim_y: int


@dataclass(frozen=True, slots=True)
class PictureView:
    """One still picture; `time` says when it was taken, from the act."""

    name: str
    url: str
    label: str
    short: str
    time: str
    box: BoxView | None


@dataclass(frozen=True, slots=True)
class HistoryLine:
    at: str
    who: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class CaseView:
    act: str
    act_short: str
    due: str
    deadlines: tuple[Deadline, ...]
    lease: str | None
    frame: tuple[int, int]
    parts: tuple[str, ...]
    missing: str
    health: tuple[Check, ...]
    lead: LeadFigure | None
    facts: tuple[Pair, ...]
    law: LawView | None
    measurements: tuple[Pair, ...]
    software: tuple[Pair, ...]
    history: tuple[HistoryLine, ...]
    clip: ClipView | None
    timeline: Timeline | None
    pictures: tuple[PictureView, ...]


def case_view(file: CaseFile, now: datetime, t: Text) -> CaseView:
    manifest, line = file.manifest, file.line
    clip = clip_view(file, t)
    due = (due_view(line.state, line.notice_due_on, line.timezone, now, t)) or ("", "calm")
    return CaseView(
        act=format.act(line.act_code, t, file.offence),
        act_short=rule_name(line.rule, t),
        due=due[0],
        deadlines=tuple(deadlines(file, now, t)),
        lease=lease_words(line, t),
        frame=(manifest.camera.frame_width_px, manifest.camera.frame_height_px),
        parts=tuple(parts_there(file)),
        missing=missing_words(file, t),
        health=tuple(health(manifest, t)),
        lead=_lead(manifest, t),
        facts=tuple(_facts(file, t)),
        law=_law(file, t),
        measurements=tuple(_measurements(manifest, t)),
        software=tuple(_software(manifest, t)),
        history=tuple(_history(file, t)),
        clip=clip,
        timeline=timeline(manifest, t) if clip else None,
        pictures=tuple(_pictures(file, t)),
    )


def rule_name(rule: str, t: Text) -> str:
    return t(f"rule.{rule}") if t.has(f"rule.{rule}") else rule


def _lead(manifest: Manifest, t: Text) -> LeadFigure | None:
    measured = manifest.measurements
    if "time_into_red_us" in measured:
        value = t("case.into_red_value", seconds=format.seconds(measured["time_into_red_us"], t))
        uncertainty = measured.get("uncertainty_us")
        return LeadFigure(
            t("case.into_red"),
            value,
            None if uncertainty is None else t("case.uncertainty", seconds=format.seconds(uncertainty, t)),
            "red",
        )
    if "duration_us" in measured:
        value = t("case.into_red_value", seconds=format.seconds(measured["duration_us"], t))
        return LeadFigure(t("case.against_heading"), value, None, "plain")
    return None


def _facts(file: CaseFile, t: Text) -> Iterable[Pair]:
    line = file.line
    yield t("case.occurred"), format.local_time(line.occurred_at, line.timezone)
    yield t("case.place"), line.address or file.camera_name
    yield t("case.camera"), f"{file.camera_name} ({line.camera_id})"
    yield t("case.agency"), file.agency or t("app.not_set")
    yield t("case.machine_class"), t(f"vehicle.{line.vehicle}")


def _law(file: CaseFile, t: Text) -> LawView | None:
    offence = file.offence
    if offence is None:
        return None
    day = format.local_day(file.line.occurred_at, file.line.timezone)
    return LawView(
        format.reference(offence.reference, offence.decree, t),
        offence.description,
        t("case.in_force", day=format.day(day), since=format.day(offence.valid_from)),
        format.amount(offence.minimum_vnd, offence.maximum_vnd, t),
        format.points(offence.points, t, "case.points_short"),
    )


def _measurements(manifest: Manifest, t: Text) -> Iterable[Pair]:
    for name, value in sorted(manifest.measurements.items()):
        yield _measure_name(name, t), format.measure(name, value, t)
    signal = manifest.signal
    if signal is not None:
        words = t("case.lamp_since", state=t(f"lamp.{signal.state}"), seconds=format.seconds(signal.uncertainty_us, t))
        yield t("case.lamp_state", signal=signal.signal_id), words
        length = t("app.unknown") if signal.amber_us is None else _seconds(signal.amber_us, t)
        yield t("case.amber_length"), length
    clock = manifest.clock
    for name, offset, age in (
        ("camera", clock.camera_offset_us, clock.camera_offset_age_us),
        ("ntp", clock.ntp_offset_us, clock.ntp_offset_age_us),
    ):
        words = t("app.unknown") if offset is None else _seconds(offset, t, signed=True)
        if offset is not None and age is not None:
            words += f", {t('case.clock_age', seconds=format.seconds(age, t))}"
        yield t(f"case.clock_{name}_offset"), words
    yield t("case.site_kind"), t(f"case.site_{manifest.camera.site_kind}")


def _measure_name(name: str, t: Text) -> str:
    return t(f"measure.{name}") if t.has(f"measure.{name}") else name


def _seconds(microseconds: int, t: Text, *, signed: bool = False) -> str:
    return t("case.into_red_value", seconds=format.seconds(microseconds, t, signed=signed))


def _software(manifest: Manifest, t: Text) -> Iterable[Pair]:
    software = manifest.software
    yield t("case.software_version"), " ".join(filter(None, (software.version, software.revision)))
    yield t("case.rule"), f"{manifest.rule} {software.rule_version}"
    yield t("case.weights"), f"{software.weights_name} {software.weights_sha256}"
    yield t("case.camera_file"), manifest.camera.file_sha256
    yield t("case.claim"), manifest.id


def _history(file: CaseFile, t: Text) -> Iterable[HistoryLine]:
    for row in file.audit:
        what = t(f"step.{row.what}") if t.has(f"step.{row.what}") else row.what
        reason = t(f"reject.{row.reason}") if row.reason and t.has(f"reject.{row.reason}") else row.reason or ""
        role = t(f"role.{row.role}") if t.has(f"role.{row.role}") else row.role
        who = role if row.who == row.role else f"{row.who} ({role})"
        yield HistoryLine(format.local_time(row.at, file.line.timezone), who, what, reason)


def _pictures(file: CaseFile, t: Text) -> Iterable[PictureView]:
    there = {evidence.name for evidence in file.evidence}
    moments: dict[str, SealedMoment] = {moment.name: moment for moment in file.manifest.moments}
    act_us = file.manifest.occurred_at_us
    for name, file_name in PICTURES:
        if file_name not in there:
            continue
        moment = moments["at" if name == "vehicle" else name]
        offset = format.seconds(moment.captured_at_us - act_us, t, signed=True)
        yield PictureView(
            name=name,
            url=f"/cases/{file.line.id}/evidence/{file_name}",
            label=t("case.vehicle_picture" if name == "vehicle" else f"case.{name}"),
            short=t("case.vehicle_picture" if name == "vehicle" else f"case.{name}_short"),
            time=t("case.into_red_value", seconds=offset),
            box=None if name == "vehicle" else _box(manifest=file.manifest, moment=moment),
        )


def _box(manifest: Manifest, moment: SealedMoment) -> BoxView:
    x1, y1, x2, y2 = (round(side / 16) for side in moment.box_px16)
    width, height = manifest.camera.frame_width_px, manifest.camera.frame_height_px
    aim_x, aim_y = (x1 + x2) * 50 // max(1, width), (y1 + y2) * 50 // max(1, height)
    return BoxView(width, height, x1, y1, max(0, x2 - x1), max(0, y2 - y1), aim_x, aim_y)
