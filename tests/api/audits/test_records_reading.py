"""A file of records: read whole, or refused with the row and what was expected there."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import BinaryIO, cast
from zoneinfo import ZoneInfo

import pytest

from api.audits.records import reading
from api.audits.records.mapping import RecordMapping, usual_mapping
from api.audits.records.problems import PROBLEM_CODES
from api.audits.records.reading import FILE_LIMIT_BYTES, PROBLEMS_KEPT, ReadFile, read_records
from models.domain.audits import Days

HUE = ZoneInfo("Asia/Ho_Chi_Minh")
WEEK = Days(date(2026, 11, 16), date(2026, 11, 22))
HEADER = "id,plate,depart_plan,depart_real,route\n"
GOOD = "L1,75B-012.34,17/11/2026 10:00,17/11/2026 10:04,Huế – Đà Nẵng\n"


def read(content: str | bytes, mapping: RecordMapping | None = None, days: Days = WEEK) -> ReadFile:
    body = content.encode() if isinstance(content, str) else content
    return read_records(io.BytesIO(body), len(body), mapping or usual_mapping("transport_order"), days, HUE)


def changed(**changes: object) -> RecordMapping:
    return RecordMapping.model_validate(usual_mapping("transport_order").model_dump() | changes)


def test_a_good_file_is_read_whole() -> None:
    found = read(HEADER + GOOD + "L2,75b 99887,17/11/2026 12:00,,\n\n")
    assert found.problems == [] and found.rows == 2
    first, second = found.records
    assert (first.row, first.number, first.plate) == (2, "L1", "75B01234")
    assert first.at == datetime(2026, 11, 17, 3, 0, tzinfo=UTC)
    assert first.content == {
        "planned_at": "2026-11-17T03:00:00+00:00",
        "departed_at": "2026-11-17T03:04:00+00:00",
        "route": "Huế – Đà Nẵng",
    }
    assert second.content == {"planned_at": "2026-11-17T05:00:00+00:00", "departed_at": None, "route": None}


@pytest.mark.parametrize(
    ("encode", "mapping"),
    [
        (lambda text: text.encode(), None),
        (lambda text: text.encode("utf-8-sig"), None),
        (lambda text: text.encode("utf-16"), None),
        (lambda text: b"\xfe\xff" + text.encode("utf-16-be"), None),
        (lambda text: text.replace("–", "-").encode("utf-8"), None),
        (lambda text: "Hue".join(text.split("Huế")).replace("Đà Nẵng", "Đà N").encode("cp1258"), "windows-1258"),
    ],
    ids=["UTF-8", "UTF-8 with its mark", "UTF-16 LE", "UTF-16 BE", "UTF-8 plain", "windows-1258, when it is chosen"],
)
def test_vietnamese_encodings(encode: Callable[[str], bytes], mapping: str | None) -> None:
    found = read(encode(HEADER + GOOD), changed(encoding=mapping or "auto"))
    assert found.problems == []
    assert str(found.records[0].content["route"]).replace("-", "–").startswith(("Huế – Đà N", "Hue – Đà N"))


def test_windows_1258_comes_out_composed() -> None:
    """In it, tones are characters of their own: ế is ê and an acute accent."""
    body = (HEADER + GOOD).replace("Huế – Đà Nẵng", "Hu\u00ea\u0301").encode("cp1258")
    assert read(body, changed(encoding="windows-1258")).records[0].content["route"] == "Huế"


def test_a_trip_around_midnight_may_end_on_the_next_day() -> None:
    row = "L1,75B-012.34,22/11/2026 23:50,23/11/2026 00:05,\n"
    assert read(HEADER + row).problems == []


def test_a_row_that_repeats_another_to_the_letter_is_counted() -> None:
    found = read(HEADER + GOOD + GOOD)
    assert (len(found.records), found.twice, found.problems) == (1, 1, [])


class Large(io.RawIOBase):
    """100 MB that are nowhere; whoever reads of them has not looked at the length."""

    def read(self, size: int = -1, /) -> bytes:
        raise AssertionError("got a read of a file that is too large, expected its length to be looked at first")


def large_file(length_bytes: int) -> ReadFile:
    return read_records(cast(BinaryIO, Large()), length_bytes, usual_mapping("transport_order"), WEEK, HUE)


SECOND = GOOD.replace("L1", "L2")
MALFORMED: dict[str, tuple[str | bytes, RecordMapping | None, int, str, str]] = {
    "empty": ("", None, 1, "empty", "an empty file"),
    "only blanks": ("  \n \n", None, 1, "empty", "an empty file"),
    "a header alone": (HEADER, None, 1, "no_rows", "at least one row"),
    "windows-1258, not chosen": (HEADER.encode() + b"L1,75B-012.34,17/11/2026 10:00,,\xd0\xe0 N\xe3ng\n", None, 2,
                                 "encoding", "byte 0xd0"),
    "TCVN3": (HEADER.encode() + b"L1,75B-012.34,17/11/2026 10:00,,Hu\xd5 - \xa7\xb5 N\xbdng\n", None, 2, "tcvn3",
              "TCVN3"),
    "TCVN3, said to be windows-1258": (HEADER.encode() + b"L1,75B-012.34,17/11/2026 10:00,,Hu\xd5 - \xa7\xb5 N\xbdng\n",
                                       changed(encoding="windows-1258"), 2, "tcvn3", "TCVN3"),
    "UTF-16 without its mark": ((HEADER + GOOD).encode("utf-16-le"), None, 1, "utf16_no_mark", "UTF-16"),
    "UTF-16 cut in the middle of a character": ((HEADER + GOOD).encode("utf-16")[:-1], None, 2, "encoding", "byte"),
    "NUL": (HEADER + GOOD + "L2,75B\0-99887,17/11/2026 12:00,,\n", None, 3, "nul", "a NUL character"),
    "another separator": (HEADER.replace(",", ";") + GOOD, None, 1, "separator", "semicolon"),
    "a separator inside a cell": (HEADER + GOOD.replace("Huế –", "Huế,"), None, 2, "field_count",
                                "6 cells, expected 5"),
    "a header twice": (HEADER.replace("route", "plate") + GOOD, None, 1, "header_twice", "'plate' twice"),
    "a header missing": (HEADER.replace("depart_real", "real") + GOOD, None, 1, "header_missing", "'depart_real'"),
    "cut in the middle of a row": (HEADER + GOOD + "L2,75B-998.87,17/11/20", None, 3, "field_count", "3 cells"),
    "a quote left open": (HEADER + GOOD + 'L2,75B-99887,17/11/2026 12:00,,"Huế\n' + SECOND, None, 4, "quotes",
                          "every quote closed"),
    "a line without end": (HEADER + "x" * 30_000, None, 2, "too_long", "more than 20000 characters"),
    "American days": (HEADER + GOOD.replace("17/11/2026", "11/17/2026"), None, 2, "time", "'11/17/2026 10:00'"),
    "American days that look possible": (HEADER + GOOD.replace("17/11/2026", "11/12/2026"), None, 2, "outside_days",
                                         "16/11/2026 to 22/11/2026"),
    "ISO days where others were said": (HEADER + GOOD.replace("17/11/2026", "2026-11-17"), None, 2, "time",
                                        "DD/MM/YYYY HH:MM"),
    "a day that is none": (HEADER + GOOD.replace("17/11/2026", "31/11/2026"), None, 2, "time", "31/11/2026"),
    "a number of days since 1900": (HEADER + GOOD.replace("17/11/2026 10:00", "46343.41"), None, 2, "time", "46343.41"),
    "no time at all": (HEADER + "L1,75B-012.34,,,\n", None, 2, "missing", "no time"),
    "a formula": (HEADER + GOOD + '"=HYPERLINK(""http://a.b"")",75B-99887,17/11/2026 12:00,,\n', None, 3, "formula",
                  "which a spreadsheet runs"),
    "a formula behind a blank": (HEADER + "L1, @SUM(1),17/11/2026 10:00,,\n", None, 2, "formula", "@SUM"),
    "no plate": (HEADER + "L1,,17/11/2026 10:00,,\n", None, 2, "missing", "nothing"),
    "no plate of Vietnam": (HEADER + "L1,13B-012.34,17/11/2026 10:00,,\n", None, 2, "plate", "'13B-012.34'"),
    "a number twice": (HEADER + GOOD + GOOD.replace("10:04", "10:40"), None, 3, "number_twice", "unlike row 2"),
    "a text that turns around": (HEADER + GOOD.replace("Huế", "Hu\u202eế"), None, 2, "characters", "u202e"),
    "a value without end": (HEADER + GOOD.replace("Huế", "H" * 300), None, 2, "too_long", "at most 60"),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED, ids=str)
def test_a_malformed_file_says_its_row_and_what_was_expected(name: str) -> None:
    content, mapping, row, code, words = MALFORMED[name]
    found = read(content, mapping)
    assert found.problem_count == 1
    (problem,) = found.problems
    assert (problem.row, problem.code) == (row, code)
    assert words in problem.text and f"row {row}" in problem.text and ", expected " in problem.text


def test_a_hundred_megabytes_are_refused_unread() -> None:
    found = large_file(100 * 1024**2)
    assert [problem.code for problem in found.problems] == ["too_large"]
    assert str(FILE_LIMIT_BYTES) in found.problems[0].text


def test_too_many_rows_end_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROW_LIMIT", 20)
    rows = "".join(f"L{number},75B-012.34,17/11/2026 10:00,,\n" for number in range(30))
    found = read(HEADER + rows)
    assert [(problem.row, problem.code) for problem in found.problems] == [(22, "too_many_rows")]


def test_every_bad_row_is_named_and_the_list_is_bounded() -> None:
    rows = "".join(f"L{number},none,17/11/2026 10:00,,\n" for number in range(300))
    found = read(HEADER + rows + GOOD)
    assert (found.problem_count, len(found.problems), found.rows) == (300, PROBLEMS_KEPT, 301)
    assert [problem.row for problem in found.problems[:3]] == [2, 3, 4]


def test_an_inspection_ends_after_it_begins() -> None:
    body = b"no,plate,t_start,t_end,lane,result\nK1,75A-123.45,17/11/2026 10:00,17/11/2026 09:00,1,pass\n"
    found = read_records(io.BytesIO(body), len(body), usual_mapping("inspection"), WEEK, HUE)
    assert [(problem.row, problem.code, problem.column) for problem in found.problems] == [(2, "time_order", "t_end")]


def test_every_code_is_shown_by_one_of_these_files() -> None:
    shown = {case[3] for case in MALFORMED.values()} | {"too_large", "too_many_rows", "time_order"}
    assert shown == set(PROBLEM_CODES)
