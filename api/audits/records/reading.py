"""A file of records -> records and problems, row by row. Nothing is kept here."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import BinaryIO
from zoneinfo import ZoneInfo

from api.audits.records.decoding import lines
from api.audits.records.mapping import FIELDS, SEPARATORS, TIME_FORMS, RecordField, RecordMapping
from api.audits.records.problems import FileRefusedError, Problem, ProblemCode, quoted
from models.domain.audits import Days
from models.domain.plates import PlateError, normalised, parse_plate

FILE_LIMIT_BYTES = 20 * 1024**2
ROW_LIMIT = 50_000
PROBLEMS_KEPT = 100
VALUE_CHARACTERS = 60
ONE_DAY = timedelta(days=1)
LONGEST_INSPECTION = timedelta(hours=24)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run. No field of a record begins so."""


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """One good row. Times in `content` are UTC, ISO 8601."""

    row: int
    number: str
    plate: str
    at: datetime
    content: Mapping[str, str | None]


@dataclass(slots=True)
class ReadFile:
    """What came of a file.

    Attributes:
        rows: lines of records, good or bad.
        twice: rows that repeat another row of this file to the letter.
        problem_count: all of them; `problems` are the first.
    """

    records: list[ReadRecord] = field(default_factory=list)
    rows: int = 0
    twice: int = 0
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0

    def refuse(self, problem: Problem) -> None:
        self.problem_count += 1
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(problem)


class _RowRefusedError(Exception):
    def __init__(self, code: ProblemCode, got: str, expected: str, column: str = "") -> None:
        super().__init__(code)
        self.code, self.got, self.expected, self.column = code, got, expected, column

    def at(self, row: int) -> Problem:
        return Problem(row, self.code, self.got, self.expected, self.column)


def read_records(file: BinaryIO, length_bytes: int, mapping: RecordMapping, days: Days, timezone: ZoneInfo) -> ReadFile:
    """Reads the file once, from its beginning.

    1. its length; 2. its encoding; 3. its header; 4. each row: as many cells as the header, no formula, every field by
    its form, within the days that the file is said to speak for; 5. no number twice with different content.
    """
    found = ReadFile()
    try:
        if length_bytes > FILE_LIMIT_BYTES:
            got = f"{length_bytes} bytes"
            raise FileRefusedError(Problem(1, "too_large", got, f"at most {FILE_LIMIT_BYTES}: bring it in parts"))
        for record in _rows(file, mapping, days, timezone, found):
            found.records.append(record)
        if found.rows == 0:
            raise FileRefusedError(Problem(1, "no_rows", "a header without rows", "at least one row"))
    except FileRefusedError as error:
        found.refuse(error.problem)
    return found


def _rows(
    file: BinaryIO, mapping: RecordMapping, days: Days, timezone: ZoneInfo, found: ReadFile
) -> Iterator[ReadRecord]:
    reader = csv.reader(lines(file, mapping.encoding), delimiter=SEPARATORS[mapping.separator], strict=True)
    seen: dict[str, ReadRecord] = {}
    try:
        header = next(reader, [])
        places = _places(header, mapping)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            found.rows += 1
            if found.rows > ROW_LIMIT:
                got = f"more than {ROW_LIMIT} rows"
                raise FileRefusedError(Problem(reader.line_num, "too_many_rows", got, f"at most {ROW_LIMIT} a file"))
            try:
                record = _record(cells, len(header), places, mapping, days, timezone, reader.line_num)
                if _is_new(record, seen, found):
                    yield record
            except _RowRefusedError as error:
                found.refuse(error.at(reader.line_num))
    except csv.Error as error:
        code: ProblemCode = "too_long" if "limit" in str(error) else "quotes"
        raise FileRefusedError(Problem(max(1, reader.line_num), code, str(error), "every quote closed")) from None


def _places(header: list[str], mapping: RecordMapping) -> dict[str, int]:
    """Where each field stands."""
    names = [name.strip() for name in header]
    if len(names) == 1:
        for other, sign in SEPARATORS.items():
            if other != mapping.separator and sign in names[0]:
                got = f"one column, with {other} in it"
                raise FileRefusedError(Problem(1, "separator", got, f"columns parted by {mapping.separator}"))
    for name in mapping.columns.values():
        if names.count(name) > 1:
            raise FileRefusedError(Problem(1, "header_twice", f"{quoted(name)} twice", "each header once", name[:60]))
        if name not in names:
            got = f"the headers {quoted(', '.join(names))}"
            raise FileRefusedError(Problem(1, "header_missing", got, f"one named {quoted(name)}", name[:60]))
    return {field: names.index(name) for field, name in mapping.columns.items()}


def _is_new(record: ReadRecord, seen: dict[str, ReadRecord], found: ReadFile) -> bool:
    first = seen.setdefault(record.number, record)
    if first is record:
        return True
    if (first.plate, first.content) != (record.plate, record.content):
        got = f"{quoted(record.number)} again, unlike row {first.row}"
        raise _RowRefusedError("number_twice", got, "a number once, or the same content")
    found.twice += 1
    return False


def _record(
    cells: list[str],
    width: int,
    places: dict[str, int],
    mapping: RecordMapping,
    days: Days,
    timezone: ZoneInfo,
    row: int,
) -> ReadRecord:
    if len(cells) != width:
        raise _RowRefusedError("field_count", f"{len(cells)} cells", f"{width}, as the header has")
    content: dict[str, str | None] = {}
    times: dict[str, datetime] = {}
    for each in FIELDS[mapping.kind]:
        if each.name not in places:
            continue
        header = mapping.columns[each.name]
        value = _value(cells[places[each.name]], each, header)
        if each.is_time and value:
            times[each.name] = _time(value, mapping.time_form, header, days, timezone)
            value = times[each.name].astimezone(UTC).isoformat()
        content[each.name] = value or None
    number = content.pop("number")
    plate = _plate(content.pop("plate"), mapping.columns["plate"])
    _check_times(times, mapping, days)
    return ReadRecord(row, str(number), plate, min(times.values()).astimezone(UTC), content)


def _value(cell: str, each: RecordField, header: str) -> str:
    if cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA[:4]):
        raise _RowRefusedError("formula", f"{quoted(cell)}, which a spreadsheet runs", "a plain value", header)
    value = cell.strip()
    if not value and each.is_needed:
        raise _RowRefusedError("missing", "nothing", "a value", header)
    if len(value) > VALUE_CHARACTERS:
        raise _RowRefusedError("too_long", f"{len(value)} characters", f"at most {VALUE_CHARACTERS}", header)
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cs", "Cn") for sign in value):
        raise _RowRefusedError("characters", f"{value!a:.60}", "no control characters", header)
    return value


def _plate(value: str | None, header: str) -> str:
    try:
        return parse_plate(normalised(value or "")).text
    except PlateError:
        raise _RowRefusedError("plate", quoted(value or ""), "a plate such as 75B-012.34", header) from None


def _time(value: str, form: str, header: str, days: Days, timezone: ZoneInfo) -> datetime:
    try:
        local = datetime.strptime(value, TIME_FORMS[form]).replace(tzinfo=timezone)
    except ValueError:
        raise _RowRefusedError("time", quoted(value), form, header) from None
    if not days.first - ONE_DAY <= local.date() <= days.last + ONE_DAY:
        raise _outside(quoted(value), days, header)
    return local


def _check_times(times: dict[str, datetime], mapping: RecordMapping, days: Days) -> None:
    """A trip around midnight may have one of its times on the next day."""
    if not times:
        raise _RowRefusedError("missing", "no time", "a planned or a signed time")
    if not any(days.first <= local.date() <= days.last for local in times.values()):
        raise _outside(", ".join(f"{local:%d/%m/%Y}" for local in times.values()), days, "")
    if mapping.kind != "inspection":
        return
    length = times["ended_at"] - times["started_at"]
    if not timedelta(0) <= length <= LONGEST_INSPECTION:
        got = f"an end {length} after the beginning"
        raise _RowRefusedError("time_order", got, "0 to 24 h", mapping.columns["ended_at"])


def _outside(got: str, days: Days, header: str) -> _RowRefusedError:
    return _RowRefusedError("outside_days", got, f"{_day(days.first)} to {_day(days.last)}", header)


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")
