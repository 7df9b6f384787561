"""When a sign is in force: a named subset of OSM `opening_hours`, with Vietnam's public holidays.

The subset, "phatnguoi-hours 1": rules parted by `;`, each `[days] [times] [off]`, or `24/7`.

    days    Mo Tu We Th Fr Sa Su, ranges (Mo-Fr, Sa-Mo), PH (public holiday), parted by commas; none: every day
    times   06:00-09:00,16:00-20:00, up to 24:00, over midnight 22:00-05:00; none: the whole day
    off     the days (or the times of those days) are taken out

As in OSM a later rule replaces an earlier one on the days of both. A day that is off ends what reaches over midnight
into it. Public holidays are those of the library `holidays` (docs/decisions/0008).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

import holidays
from pydantic import Field

from detector.rule import RuleSettings, SettingError
from models.domain.camera import Camera
from models.domain.scene import Scene

CalendarState = Literal["open", "closed", "unknown"]
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
HOLIDAY_ZONES = ("Asia/Ho_Chi_Minh", "Asia/Saigon")
HOLIDAYS_ANNOUNCED_UNTIL = 2026
"""The last year of which the library knows the days off that the government moved. In later years …"""
MOVED_DAYS = 5
"""… a day so near to a public holiday may be one: the calendar is unknown there."""
LEAST_CERTAIN_US = 600_000_000
"""A clock that may be wrong by more tells no calendar."""
DAY_MINUTES = 24 * 60
EVERY_DAY = frozenset(range(7))
LIMIT_CHARACTERS = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPAN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
Span = tuple[int, int]


class CalendarSettings(RuleSettings):
    """Settings of every rule whose sign has hours."""

    calendar: str | None = Field(
        None,
        description="When the sign is in force, for example `Mo-Fr 06:00-09:00,16:00-20:00; PH off`; unset: always. "
        "While the capture time is not known nothing is claimed.",
    )
    calendar_grace_s: float = Field(
        60.0, ge=0.0, le=3600.0, description="Nothing is claimed so long after the calendar has opened."
    )


class Hours:
    """The hours of one rule's sign."""

    def __init__(self, settings: CalendarSettings, camera: Camera) -> None:
        """Reads the calendar.

        Raises:
            SettingError: it is not of the subset; the message says which part.
        """
        self._grace_us = round(settings.calendar_grace_s * 1_000_000)
        try:
            self._calendar = None if settings.calendar is None else Calendar.parse(settings.calendar, camera.timezone)
        except CalendarTextError as error:
            raise SettingError("calendar", str(error)) from None

    def are_on(self, scene: Scene) -> bool:
        """The sign is surely in force at this instant; without a calendar it always is."""
        if self._calendar is None:
            return True
        state = self._calendar.state(scene.captured_us, scene.captured_uncertainty_us, self._grace_us)
        return state == "open"


class CalendarTextError(ValueError):
    """The text is not of the subset."""


@dataclass(frozen=True, slots=True)
class _HourRule:
    weekdays: frozenset[int]
    on_holidays: bool
    spans: tuple[Span, ...]
    is_off: bool

    def is_about(self, weekday: int, is_holiday: bool) -> bool:
        return weekday in self.weekdays or (is_holiday and self.on_holidays)


@dataclass(slots=True)
class Calendar:
    """A calendar that was read, on the wall clocks of one zone."""

    rules: tuple[_HourRule, ...]
    zone: ZoneInfo
    _latest: tuple[tuple[int, int], CalendarState] | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str, zone: str) -> Calendar:
        """Reads a calendar.

        Raises:
            CalendarTextError: the text is not of the subset, or asks for the holidays of a country that is not known.
        """
        if len(text) > LIMIT_CHARACTERS:
            raise CalendarTextError(f"got {len(text)} characters, expected at most {LIMIT_CHARACTERS}")
        rules = tuple(_read_rule(part.strip()) for part in text.split(";") if part.strip())
        if not rules:
            raise CalendarTextError("got an empty calendar, expected for example Mo-Fr 06:00-09:00")
        if any(rule.on_holidays for rule in rules) and zone not in HOLIDAY_ZONES:
            raise CalendarTextError(
                f"PH: got the timezone {zone}, expected {HOLIDAY_ZONES[0]}: no other holidays known"
            )
        return cls(rules, ZoneInfo(zone))

    def state(self, captured_us: int | None, uncertainty_us: int, grace_us: int) -> CalendarState:
        """Whether it is open, or closed, over all of the time that the instant may lie in.

        Args:
            captured_us: capture time, µs since 1970 UTC; None: not known.
            uncertainty_us: how far the true time may lie from it.
            grace_us: nothing is known so long after a change.
        """
        if captured_us is None or uncertainty_us > LEAST_CERTAIN_US:
            return "unknown"
        window = ((captured_us - uncertainty_us - grace_us) // 60_000_000, (captured_us + uncertainty_us) // 60_000_000)
        if self._latest is None or self._latest[0] != window:
            states = {self._at_minute(minute) for minute in range(window[0], window[1] + 1)}
            self._latest = (window, states.pop() if len(states) == 1 else "unknown")
        return self._latest[1]

    def _at_minute(self, minutes: int) -> CalendarState:
        local = (_EPOCH + timedelta(minutes=minutes)).astimezone(self.zone)
        day, minute = local.date(), local.hour * 60 + local.minute
        yesterday = day - timedelta(days=1)
        if any(self._is_moved(near) for near in (day, yesterday)):
            return "unknown"
        spans, is_off = self._spans(day)
        late, _ = self._spans(yesterday)
        is_open = not is_off and (_holds(spans, minute) or _holds(late, minute + DAY_MINUTES))
        return "open" if is_open else "closed"

    def _spans(self, day: date) -> tuple[list[Span], bool]:
        """The open spans that begin on a day, minutes from its midnight, and whether the day was taken out."""
        spans: list[Span] = []
        is_off = False
        is_holiday = self._asks_for_holidays and is_public_holiday(day)
        for rule in self.rules:
            if not rule.is_about(day.weekday(), is_holiday):
                continue
            if rule.is_off and rule.spans:
                spans = [piece for span in spans for piece in _without(span, rule.spans)]
            else:
                spans, is_off = ([] if rule.is_off else list(rule.spans)), rule.is_off
        return spans, is_off

    @property
    def _asks_for_holidays(self) -> bool:
        return any(rule.on_holidays for rule in self.rules)

    def _is_moved(self, day: date) -> bool:
        return self._asks_for_holidays and day.year > HOLIDAYS_ANNOUNCED_UNTIL and _may_be_moved(day)


@cache
def _holidays_of(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("VN", years=year))


def is_public_holiday(day: date) -> bool:
    """A day off of Vietnam's Labour Code, with the days that the government moved."""
    return day in _holidays_of(day.year)


def _may_be_moved(day: date) -> bool:
    near = range(-MOVED_DAYS, MOVED_DAYS + 1)
    return not is_public_holiday(day) and any(is_public_holiday(day + timedelta(days=offset)) for offset in near)


def _holds(spans: list[Span], minute: int) -> bool:
    return any(start <= minute < end for start, end in spans)


def _without(span: Span, holes: tuple[Span, ...]) -> list[Span]:
    pieces = [span]
    for start, end in holes:
        parts = [part for a, b in pieces for part in ((a, min(b, start)), (max(a, end), b))]
        pieces = [(a, b) for a, b in parts if a < b]
    return pieces


def _read_rule(text: str) -> _HourRule:
    if text == "24/7":
        return _HourRule(EVERY_DAY, False, ((0, DAY_MINUTES),), False)
    words = text.split()
    is_off = words[-1] in ("off", "closed")
    words = words[:-1] if is_off else words
    weekdays, on_holidays = EVERY_DAY, False
    if words and not words[0][0].isdigit():
        weekdays, on_holidays = _read_days(words.pop(0))
    spans = tuple(_read_span(part) for part in words.pop(0).split(",")) if words else ()
    if words:
        raise CalendarTextError(f"got {text!r}, expected [days] [times] [off], for example Mo-Fr 06:00-09:00")
    if is_off and any(end > DAY_MINUTES for _, end in spans):
        raise CalendarTextError(f"got {text!r}, expected off times that end by 24:00")
    return _HourRule(weekdays, on_holidays, spans or (() if is_off else ((0, DAY_MINUTES),)), is_off)


def _read_days(text: str) -> tuple[frozenset[int], bool]:
    weekdays: set[int] = set()
    for part in text.split(","):
        if part == "PH":
            continue
        first, _, last = part.partition("-")
        for name in (first, last or first):
            if name not in WEEKDAYS:
                raise CalendarTextError(f"got the day {name!r}, expected one of {', '.join(WEEKDAYS)}, PH")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        weekdays.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return frozenset(weekdays), "PH" in text.split(",")


def _read_span(text: str) -> Span:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise CalendarTextError(f"got the times {text!r}, expected HH:MM-HH:MM")
    hour1, minute1, hour2, minute2 = (int(number) for number in match.groups())
    start, end = hour1 * 60 + minute1, hour2 * 60 + minute2
    if minute1 > 59 or minute2 > 59 or start >= DAY_MINUTES or end > DAY_MINUTES or start == end:
        raise CalendarTextError(f"got the times {text!r}, expected HH:MM-HH:MM within a day, 00:00 to 24:00")
    return start, end if end > start else end + DAY_MINUTES
