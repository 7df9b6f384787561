"""What a reviewer must know before deciding: what runs out first, who holds it, what is missing, what to trust."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from api.cases.schemas import CaseFile, CaseLine
from api.reviews.desk import FILES_OF_PARTS, PARTS, Part
from api.web import format
from api.web.text import Text
from models.domain.manifest import Manifest

DUE_STATES = ("new", "in_review", "decided", "second_review", "disputed", "confirmed")
OPEN_STATES = (*DUE_STATES, "contested")
LONG_GAP_FRAMES = 3
"""A gap of more frames than this in the clip is said to be one."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """`tone`: calm, soon or late."""

    name: str
    words: str
    day: str
    tone: str


@dataclass(frozen=True, slots=True)
class Check:
    """`tone`: good or doubt; doubt is no reason by itself, but one to look."""

    name: str
    words: str
    tone: str


def due_view(state: str, due_on: date, timezone: str, now: datetime, t: Text) -> tuple[str, str] | None:
    """What is left until the notice must be out; None once it is out, or never will be."""
    if state not in DUE_STATES:
        return None
    return format.due(due_on, now.astimezone(ZoneInfo(timezone)).date(), t)


def deadlines(file: CaseFile, now: datetime, t: Text) -> Iterator[Deadline]:
    """What runs out first comes first; in local calendar days of the agency's zone."""
    line = file.line
    today = now.astimezone(ZoneInfo(line.timezone)).date()
    found = []
    if line.state in DUE_STATES:
        found.append((line.notice_due_on, "case.due_short"))
    if line.state in OPEN_STATES:
        found.append((format.local_day(line.expires_at, line.timezone), "case.limitation_short"))
    for day, name in sorted(found):
        words, tone = format.due(day, today, t)
        yield Deadline(t(name), words, format.day(day), tone)


def lease_words(line: CaseLine, t: Text) -> str | None:
    """Until when the case is held, and by whom; None: nobody holds it."""
    if line.assigned_to is None or line.held_until is None:
        return None
    until = line.held_until.astimezone(ZoneInfo(line.timezone)).strftime("%H:%M")
    return t("case.held_by_you", until=until) if line.is_mine else t("case.held_by", who=line.assigned_to, until=until)


def parts_there(file: CaseFile) -> Iterator[Part]:
    """The mandatory parts that the package has."""
    names = {evidence.name for evidence in file.evidence}
    for part, files in FILES_OF_PARTS.items():
        if names.intersection(files):
            yield part


def missing_words(file: CaseFile, t: Text) -> str:
    """Which mandatory parts the package does not have, in words; nothing: it has them all."""
    there = set(parts_there(file))
    missing = [t(f"part.{part}") for part in PARTS if part not in there]
    return t("decision.missing_parts", parts=", ".join(missing)) if missing else ""


def health(manifest: Manifest, t: Text) -> Iterator[Check]:
    """Clock, lamp and stream of the camera at the act, by what was sealed."""
    clock = manifest.clock
    words = f"{t('case.clock_' + clock.source)} {_seconds('case.uncertainty', clock.uncertainty_us, t)}"
    yield Check(t("case.clock"), words, "good" if clock.source != "arrival" else "doubt")
    if clock.ntp_offset_us is None:
        yield Check(t("case.clock_ntp_offset"), t("app.unknown"), "doubt")
    else:
        yield Check(t("case.clock_ntp_offset"), _seconds("case.into_red_value", clock.ntp_offset_us, t), "good")
    signal = manifest.signal
    if signal is not None:
        yield Check(t("case.lamp"), _seconds("case.uncertainty", signal.uncertainty_us, t), _lamp_tone(manifest))
    yield from _stream(manifest, t)


def _lamp_tone(manifest: Manifest) -> str:
    """Doubt where the onset of red was not seen, or the time into red is no longer than what is uncertain of it."""
    signal, into_red_us = manifest.signal, manifest.measurements.get("time_into_red_us")
    if signal is None or signal.onset_us is None:
        return "doubt"
    return "good" if into_red_us is None or into_red_us > signal.uncertainty_us else "doubt"


def _stream(manifest: Manifest, t: Text) -> Iterator[Check]:
    times_us = manifest.clip.times_us if manifest.clip else ()
    gaps_us = [after - before for before, after in pairwise(times_us)]
    if not gaps_us:
        return
    usual_us, longest_us = median(gaps_us), max(gaps_us)
    rate = f"{1_000_000 / max(1, usual_us):.1f}"
    rate = rate.replace(".", ",") if t.language == "vi" else rate
    tone = "good" if longest_us <= LONG_GAP_FRAMES * usual_us else "doubt"
    yield Check(t("case.stream"), t("case.stream_words", rate=rate, gap=format.seconds(longest_us, t)), tone)


def _seconds(key: str, microseconds: int, t: Text) -> str:
    return t(key, seconds=format.seconds(microseconds, t))
