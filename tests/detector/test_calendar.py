"""When a sign is in force: the subset of opening_hours, holidays, and all the ways not to know."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.calendar import Calendar, CalendarTextError, is_public_holiday

HUE = "Asia/Ho_Chi_Minh"
TRUCK_HOURS = "Mo-Fr 06:00-09:00,16:00-20:00; PH off"
MINUTE_US = 60_000_000


def us(local: str) -> int:
    """Wall clock of Huế -> µs since 1970 UTC."""
    moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(HUE))
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000


def state(text: str, local: str, *, uncertainty_us: int = 0, grace_us: int = 0) -> str:
    return Calendar.parse(text, HUE).state(us(local), uncertainty_us, grace_us)


# 2026-11-23 is a Monday.
ANSWERS = [
    (TRUCK_HOURS, "2026-11-23 08:00", "open"),
    (TRUCK_HOURS, "2026-11-23 05:59", "closed"),
    (TRUCK_HOURS, "2026-11-23 06:00", "open"),
    (TRUCK_HOURS, "2026-11-23 09:00", "closed"),
    (TRUCK_HOURS, "2026-11-23 19:59", "open"),
    (TRUCK_HOURS, "2026-11-28 08:00", "closed"),  # a Saturday
    (TRUCK_HOURS, "2026-11-24 08:00", "closed"),  # Vietnam Cultural Day, a Tuesday
    (TRUCK_HOURS, "2026-02-17 08:00", "closed"),  # Tết, a Tuesday
    (TRUCK_HOURS, "2026-08-31 08:00", "closed"),  # a Monday off for a Saturday worked
    ("PH 08:00-12:00", "2026-02-17 08:00", "open"),
    ("PH 08:00-12:00", "2026-02-24 08:00", "closed"),
    ("24/7", "2026-02-17 03:00", "open"),
    ("06:00-22:00", "2026-02-17 08:00", "open"),
    ("Mo-Su 06:00-22:00", "2026-11-22 21:59", "open"),
    ("Sa-Mo 08:00-24:00", "2026-11-23 23:59", "open"),
    ("Sa-Mo 08:00-24:00", "2026-11-24 09:00", "closed"),
    ("Fr 22:00-05:00", "2026-11-28 04:59", "open"),
    ("Fr 22:00-05:00", "2026-11-28 05:00", "closed"),
    ("Fr 22:00-05:00", "2026-11-27 04:00", "closed"),
    ("Fr 22:00-05:00; Sa off", "2026-11-28 04:00", "closed"),
    ("Mo-Su 06:00-22:00; Sa 08:00-10:00", "2026-11-28 12:00", "closed"),
    ("Mo-Fr 06:00-18:00; Mo-Fr 11:00-13:00 off", "2026-11-23 12:00", "closed"),
    ("Mo-Fr 06:00-18:00; Mo-Fr 11:00-13:00 off", "2026-11-23 13:00", "open"),
    ("Mo-Fr 06:00-18:00; Mo-Fr 11:00-13:00 off", "2026-11-23 10:59", "open"),
]


@pytest.mark.parametrize(("text", "local", "expected"), ANSWERS)
def test_open_or_closed(text: str, local: str, expected: str) -> None:
    assert state(text, local) == expected


def test_unknown_without_a_capture_time() -> None:
    assert Calendar.parse("24/7", HUE).state(None, 0, 0) == "unknown"


def test_unknown_where_the_clock_may_be_wrong_by_more_than_ten_minutes() -> None:
    assert state("24/7", "2026-11-23 08:00", uncertainty_us=10 * MINUTE_US) == "open"
    assert state("24/7", "2026-11-23 08:00", uncertainty_us=10 * MINUTE_US + 1) == "unknown"


@pytest.mark.parametrize(
    ("local", "uncertainty_us", "expected"),
    [
        ("2026-11-23 06:00", MINUTE_US, "unknown"),
        ("2026-11-23 06:01", MINUTE_US, "open"),
        ("2026-11-23 08:58", MINUTE_US, "open"),
        ("2026-11-23 08:59", MINUTE_US, "unknown"),
        ("2026-11-23 09:01", MINUTE_US, "closed"),
    ],
)
def test_unknown_within_the_uncertainty_of_a_change(local: str, uncertainty_us: int, expected: str) -> None:
    assert state(TRUCK_HOURS, local, uncertainty_us=uncertainty_us) == expected


def test_unknown_in_the_grace_time_after_a_change() -> None:
    assert state(TRUCK_HOURS, "2026-11-23 06:04", grace_us=5 * MINUTE_US) == "unknown"
    assert state(TRUCK_HOURS, "2026-11-23 06:05", grace_us=5 * MINUTE_US) == "open"


def test_days_that_the_government_may_yet_move_are_unknown() -> None:
    """Of 2027 the library names no moved day: those near a holiday may be one, for calendars that name PH."""
    assert state(TRUCK_HOURS, "2027-05-04 08:00") == "unknown"
    assert state("Mo-Fr 06:00-09:00", "2027-05-04 08:00") == "open"
    assert state(TRUCK_HOURS, "2027-06-15 08:00") == "open"
    assert state(TRUCK_HOURS, "2027-04-30 08:00") != "open"


@pytest.mark.parametrize("day", ["2025-01-29", "2026-02-16", "2026-04-27", "2026-09-01", "2026-11-24"])
def test_public_holidays_of_vietnam(day: str) -> None:
    assert is_public_holiday(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "got an empty calendar"),
        ("Mo-Fr 6-9", "got the times '6-9', expected HH:MM-HH:MM"),
        ("Mo-Fr 06:00-25:00", "within a day"),
        ("Mo-Fr 06:00-06:00", "within a day"),
        ("Mo-Fri 06:00-09:00", "got the day 'Fri', expected one of Mo, Tu"),
        ("sunrise-sunset", "got the day 'sunrise'"),
        ("SH off", "got the day 'SH'"),
        ("Mo-Fr 06:00-09:00 maybe", "expected [days] [times] [off]"),
        ("Mo 22:00-03:00 off", "expected off times that end by 24:00"),
        ("Mo " * 200, "expected at most 500"),
    ],
)
def test_a_text_outside_the_subset_is_refused(text: str, what: str) -> None:
    with pytest.raises(CalendarTextError) as error:
        Calendar.parse(text, HUE)
    assert what in str(error.value)


def test_no_other_countrys_holidays() -> None:
    with pytest.raises(CalendarTextError, match="got the timezone Europe/London"):
        Calendar.parse("Mo-Fr 06:00-09:00; PH off", "Europe/London")
    assert Calendar.parse("Mo-Fr 06:00-09:00", "Europe/London").rules


@given(
    minutes=st.integers(us("2026-01-01 00:00") // MINUTE_US, us("2026-12-31 00:00") // MINUTE_US),
    uncertainty_us=st.integers(0, 10 * MINUTE_US),
    grace_us=st.integers(0, 60 * MINUTE_US),
)
def test_open_only_if_it_is_open_over_all_of_the_window(minutes: int, uncertainty_us: int, grace_us: int) -> None:
    calendar = Calendar.parse(TRUCK_HOURS, HUE)
    if calendar.state(minutes * MINUTE_US, uncertainty_us, grace_us) == "open":
        for at_us in (minutes * MINUTE_US - uncertainty_us - grace_us, minutes * MINUTE_US + uncertainty_us):
            assert calendar.state(at_us, 0, 0) == "open"


@given(st.text(alphabet="MoTuWeFrSaSuPH0123456789:-,; of", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(CalendarTextError):
        Calendar.parse(text, HUE)
