"""Audits as their pages show them: everything already in words and in whole numbers of a drawing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from api.audits.repository import local_span
from api.audits.schemas import AuditRun, CameraCoverage, FindingLine, FindingPage
from api.web import format
from api.web.text import Text
from models.domain.audits import FINDING_CODES, TIME_FACTS, Span

STRIP_UNITS = 1000
GAPS_NAMED = 40


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    width: int
    state: str


@dataclass(frozen=True, slots=True)
class GapLine:
    when: str
    state: str


@dataclass(frozen=True, slots=True)
class CoverageView:
    name: str
    camera_id: str
    kinds: str
    share: str
    is_whole: bool
    bars: tuple[Bar, ...]
    days: tuple[int, ...]
    window: Bar | None
    gaps: tuple[GapLine, ...]
    more_gaps: int
    visits: str
    unread: str


@dataclass(frozen=True, slots=True)
class FindingRowView:
    id: str
    code: str
    key: str
    plate: str
    record: str
    at: str
    state: str
    is_standing: bool


@dataclass(frozen=True, slots=True)
class RunLine:
    code: str
    key: str
    checked: str
    as_recorded: str
    findings: str
    undecided: str
    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RunView:
    ran_at: str
    lines: tuple[RunLine, ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    line: FindingRowView
    window: str
    expected: tuple[tuple[str, str], ...]
    seen: tuple[tuple[str, str], ...]
    stills: tuple[tuple[str, str], ...]
    clips: tuple[tuple[str, str], ...]
    reason: str | None
    answer: str | None
    decided: str | None
    found_at: str
    record: tuple[tuple[str, str], ...]


def key_of(code: str) -> str:
    """The code as part of a catalogue's key: `BX-1` as `BX_1`."""
    return code.replace("-", "_")


def coverage_view(
    camera: CameraCoverage, days: tuple[date, date], timezone: str, t: Text, window: Span | None = None
) -> CoverageView:
    period = local_span(*days, timezone)
    length = (days[1] - days[0]).days + 1
    bars = [_bar(span, period, "up") for span in camera.covered if span.overlaps(period)]
    bars += [_bar(span, period, state) for span, state in camera.gaps]
    named = camera.gaps[:GAPS_NAMED]
    return CoverageView(
        name=camera.name,
        camera_id=camera.camera_id,
        kinds=", ".join(t(f"audits.zone_{kind}") for kind in camera.kinds),
        share=percent(camera.share, t),
        is_whole=not camera.gaps,
        bars=tuple(bars),
        days=tuple(STRIP_UNITS * number // length for number in range(1, length)),
        window=None if window is None else _bar(window, period, "window"),
        gaps=tuple(GapLine(_span(span, timezone), t(f"audits.camera_{state}")) for span, state in named),
        more_gaps=len(camera.gaps) - len(named),
        visits=format.whole(camera.visits, t),
        unread=format.whole(camera.unread, t),
    )


def finding_line(found: FindingLine, timezone: str) -> FindingRowView:
    return FindingRowView(
        id=found.id,
        code=found.code,
        key=key_of(found.code),
        plate=format.plate(found.plate, "bus"),
        record=found.record_number or "",
        at=format.local_time(found.at, timezone, with_seconds=False),
        state=found.state,
        is_standing=found.is_standing,
    )


def run_view(run: AuditRun, timezone: str, t: Text) -> RunView:
    lines = []
    for code in FINDING_CODES:
        figures = run.figures[code]
        undecided = figures["undecided"]
        lines.append(
            RunLine(
                code=code,
                key=key_of(code),
                checked=format.whole(figures["checked"], t),
                as_recorded=format.whole(figures["as_recorded"], t),
                findings=format.whole(figures["findings"], t),
                undecided=format.whole(sum(undecided.values()), t),
                reasons=tuple((t(f"audits.why_{why}"), format.whole(count, t)) for why, count in undecided.items()),
            )
        )
    return RunView(format.local_time(run.ran_at, timezone), tuple(lines))


def finding_view(found: FindingPage, timezone: str, t: Text) -> FindingView:
    base = f"/audits/findings/{found.line.id}/evidence/"
    decided = None
    if found.decided_at is not None:
        when = format.local_time(found.decided_at, timezone, with_seconds=False)
        decided = t("audits.decided", name=found.decider or "", time=when)
    return FindingView(
        line=finding_line(found.line, timezone),
        window=_span(found.window, timezone),
        expected=_facts(found.expected, timezone, t),
        seen=_facts(found.seen, timezone, t),
        stills=tuple((base + name, name) for name, _ in found.objects if name.endswith((".jpg", ".png"))),
        clips=tuple((base + name, name) for name, _ in found.objects if name.endswith(".mp4")),
        reason=found.reason,
        answer=found.answer,
        decided=decided,
        found_at=format.local_time(found.found_at, timezone, with_seconds=False),
        record=_facts(found.record or {}, timezone, t),
    )


def percent(share: float, t: Text) -> str:
    """Rounded down: 99.9 % is never shown as 100."""
    number = f"{int(share * 1000) / 10:.1f}".removesuffix(".0")
    return f"{number.replace('.', ',') if t.language == 'vi' else number} %"


def _facts(facts: object, timezone: str, t: Text) -> tuple[tuple[str, str], ...]:
    assert isinstance(facts, dict)
    return tuple((t(f"audits.fact_{name}"), _fact(name, value, timezone, t)) for name, value in facts.items())


def _fact(name: str, value: object, timezone: str, t: Text) -> str:
    if value is None or value == "":
        return t("app.none")
    if isinstance(value, datetime):
        return format.local_time(value, timezone, with_seconds=False)
    if name in TIME_FACTS:
        return format.local_time(datetime.fromisoformat(str(value)), timezone)
    return format.whole(value, t) if isinstance(value, int) else str(value)


def _bar(span: Span, period: Span, state: str) -> Bar:
    """Never thinner than one unit: a gap of a minute is seen."""
    length = period.until - period.since
    x = int(STRIP_UNITS * (max(span.since, period.since) - period.since) / length)
    end = int(STRIP_UNITS * (min(span.until, period.until) - period.since) / length)
    return Bar(min(x, STRIP_UNITS - 1), max(1, end - x), state)


def _span(span: Span, timezone: str) -> str:
    with_seconds = span.until - span.since < timedelta(minutes=10)
    since = format.local_time(span.since, timezone, with_seconds=with_seconds)
    return f"{since} – {format.local_time(span.until, timezone, with_seconds=with_seconds)}"
