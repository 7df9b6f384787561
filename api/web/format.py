"""How numbers, times and legal references are written, in both languages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from api.web.text import Text
from models.domain.catalogue import Offence

MICROSECONDS = 1_000_000
OFFICE_ZONE = "Asia/Ho_Chi_Minh"
"""Of what is no case of any camera: sessions, days to look cases up by."""


def from_us(moment_us: int) -> datetime:
    return datetime.fromtimestamp(moment_us // MICROSECONDS, UTC).replace(microsecond=moment_us % MICROSECONDS)


def local_time(moment: datetime, timezone: str, *, with_seconds: bool = True) -> str:
    """`16:30:18, 25/09/2022` on the wall clocks of the zone: the order that Vietnamese documents use."""
    form = "%H:%M:%S, %d/%m/%Y" if with_seconds else "%H:%M, %d/%m/%Y"
    return moment.astimezone(ZoneInfo(timezone)).strftime(form)


def day(value: date) -> str:
    return value.strftime("%d/%m/%Y")


def seconds(microseconds: int, text: Text, *, signed: bool = False) -> str:
    """`1,42` in Vietnamese, `1.42` in English; with `signed`, `+1,42`."""
    number = f"{microseconds / MICROSECONDS:{'+' if signed else ''}.2f}"
    return number.replace(".", ",") if text.language == "vi" else number


def whole(number: int, text: Text) -> str:
    """`4.000.000` in Vietnamese, `4,000,000` in English."""
    grouped = f"{number:,}"
    return grouped.replace(",", ".") if text.language == "vi" else grouped


def amount(minimum_vnd: int, maximum_vnd: int, text: Text) -> str:
    return text("case.amount", low=whole(minimum_vnd, text), high=whole(maximum_vnd, text))


def points(count: int, text: Text, key: str = "case.points") -> str:
    return text(key, points=count) if count else text("case.no_points")


def reference(place: str, decree: str, text: Text) -> str:
    """`7.7.c` of `168/2024/NĐ-CP` as `điểm c khoản 7 Điều 7 NĐ 168/2024`."""
    article, clause, *point = place.split(".")
    decree = decree.removesuffix("/NĐ-CP")
    if not point:
        return text("case.law_reference_short", article=article, clause=clause, decree=decree)
    return text("case.law_reference", article=article, clause=clause, point=point[0], decree=decree)


def act(code: str, text: Text, offence: Offence | None = None) -> str:
    """The act in words: the page's own text, else the catalogue's description (Vietnamese only)."""
    key = f"act.{code}"
    return text(key) if text.has(key) else offence.description if offence else code


def due(due_on: date, today: date, text: Text) -> tuple[str, str]:
    """`còn 9 ngày`, and how it looks: calm, soon (three days or less) or late."""
    days = (due_on - today).days
    if days < 0:
        return text("queue.overdue", days=-days), "late"
    if days == 0:
        return text("queue.due_today"), "late"
    return text("queue.days_left", days=days), "soon" if days <= 3 else "calm"


def measure(name: str, value: int, text: Text) -> str:
    """A measurement with its unit, which its name ends with."""
    if name.endswith("_us"):
        return text("case.into_red_value", seconds=seconds(value, text))
    if name.endswith("_px16"):
        return f"{whole(round(value / 16), text)} px"
    if name.endswith("_mm"):
        number = f"{value / 1000:.2f}"
        return f"{number.replace('.', ',') if text.language == 'vi' else number} m"
    return whole(value, text)


def local_day(moment: datetime, timezone: str) -> date:
    return moment.astimezone(ZoneInfo(timezone)).date()


def in_address(value: str) -> str:
    """A value as part of an address's query."""
    return quote(value, safe="")


def plate(text: str, vehicle: str) -> str:
    """`75A12345` as `75A-123.45`, of a motorcycle `75B112345` as `75-B1 123.45`; other forms as they are."""
    is_motorcycle = vehicle == "motorcycle"
    series = r"[A-Z][A-Z1-9]" if is_motorcycle else r"[A-Z]{1,2}"
    found = re.fullmatch(rf"(\d{{2}})({series})(\d{{4,5}})", text)
    if found is None:
        return text
    province, letters, number = found.groups()
    grouped = f"{number[:3]}.{number[3:]}" if len(number) == 5 else number
    return f"{province}-{letters} {grouped}" if is_motorcycle else f"{province}{letters}-{grouped}"
