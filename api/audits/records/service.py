"""Files of records: tried, then imported whole or not at all; corrections are versions, each with its file and row."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import BinaryIO, cast
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api.actor import Actor
from api.audit import record
from api.audits.records.mapping import RecordMapping, usual_mapping
from api.audits.records.reading import FILE_LIMIT_BYTES, ReadFile, ReadRecord, read_records
from api.audits.repository import find_station
from api.audits.schemas import RecordFile
from api.database import Database
from api.errors import InputError, RecordsRefusedError, StationNotFoundError
from models.domain.audits import Days, RecordKind
from models.tables import PersonRow, RecordFileRow, RecordMappingRow, RecordRow, StationRow, new_id

TRIED_KEPT = timedelta(hours=24)
LONGEST_FILE_DAYS = 366
FILES_SHOWN = 50
CHUNK_BYTES = 1024**2
NUMBERS_AT_ONCE = 500
Known = dict[str, tuple[str, int, str, dict[str, str | None]]]
"""By number: id, version, plate and content of the current version."""


class RecordService:
    """Raises NotAllowedError to whoever is no auditor, StationNotFoundError where the station is not theirs."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def mapping(self, actor: Actor, station_id: str, kind: RecordKind) -> RecordMapping:
        """The mapping that was saved last, else the usual one."""
        actor.needs("auditor")
        with self._database.reading() as session:
            find_station(session, actor, station_id)
            return _saved_mapping(session, station_id, kind) or usual_mapping(kind)

    def try_file(
        self, actor: Actor, station_id: str, name: str, file: BinaryIO, mapping: RecordMapping, days: Days
    ) -> str:
        """Reads a file and keeps what came of it, not one of its records; the id of the trial.

        Raises:
            InputError: field `first_day`.
        """
        actor.needs("auditor")
        if not 0 <= (days.last - days.first).days < LONGEST_FILE_DAYS:
            raise InputError("first_day", f"got {days.first} to {days.last}, expected at most a year, in order")
        with self._database.reading() as session:
            station = find_station(session, actor, station_id)
        sha256, length = _measured(file)
        found = read_records(file, length, mapping, days, ZoneInfo(station.timezone))
        body = None if found.problem_count else _packed(file)
        now = self._clock()
        with self._database.writing() as session:
            row = RecordFileRow(
                id=new_id(now), station_id=station_id, kind=mapping.kind, name=_plain_name(name), sha256=sha256,
                length_bytes=length, mapping=mapping.model_dump(), first_day=days.first, last_day=days.last,
                state="tried", rows=found.rows, problem_count=found.problem_count, body=body,
                problems=[_as_json(problem) for problem in found.problems],
                counts=_counts(session, station_id, mapping.kind, found), brought_by=actor.person_id, brought_at=now,
            )  # fmt: skip
            session.add(row)
            if _saved_mapping(session, station_id, mapping.kind) != mapping:
                session.add(
                    RecordMappingRow(
                        id=new_id(now), station_id=station_id, kind=mapping.kind, mapping=mapping.model_dump(),
                        saved_by=actor.person_id, saved_at=now,
                    )
                )  # fmt: skip
            details = {"station": station_id, "file_sha256": sha256, "problems": found.problem_count}
            record(session, now, actor, "auditor", "records_tried", details=details)
            return row.id

    def import_file(self, actor: Actor, file_id: str) -> None:
        """Imports a file that was tried without a problem: every record of it in one transaction, or none.

        Raises:
            RecordsRefusedError: it has problems, was imported already, or its bytes are gone.
        """
        actor.needs("auditor")
        now = self._clock()
        with self._database.writing() as session:
            row = _find_file(session, actor, file_id)
            station = session.get_one(StationRow, row.station_id, with_for_update=True)
            session.refresh(row)
            _check_importable(session, row)
            body = zlib.decompress(cast(bytes, row.body))
            mapping = RecordMapping.model_validate(row.mapping)
            found = read_records(
                io.BytesIO(body), len(body), mapping, Days(row.first_day, row.last_day), ZoneInfo(station.timezone)
            )
            if found.problem_count or hashlib.sha256(body).hexdigest() != row.sha256:
                raise RecordsRefusedError("got a file that reads otherwise than when it was tried: bring it again")
            row.counts = _keep(session, now, row, found)
            row.state, row.imported_at, row.body = "imported", now, None
            details = {"station": station.id, "file_sha256": row.sha256, **row.counts}
            record(session, now, actor, "auditor", "records_imported", details=details)

    def files(self, actor: Actor, station_id: str) -> tuple[RecordFile, ...]:
        """The newest files of a station."""
        actor.needs("auditor")
        with self._database.reading() as session:
            find_station(session, actor, station_id)
            rows = session.execute(
                select(RecordFileRow, PersonRow)
                .outerjoin(PersonRow, PersonRow.id == RecordFileRow.brought_by)
                .where(RecordFileRow.station_id == station_id)
                .order_by(RecordFileRow.id.desc())
                .limit(FILES_SHOWN)
            )
            return tuple(as_file(row, person) for row, person in rows)

    def file(self, actor: Actor, file_id: str) -> tuple[str, RecordFile]:
        """One file, and its station."""
        actor.needs("auditor")
        with self._database.reading() as session:
            row = _find_file(session, actor, file_id)
            person = None if row.brought_by is None else session.get(PersonRow, row.brought_by)
            return row.station_id, as_file(row, person)

    def forget(self) -> int:
        """Removes trials that nobody imported within a day; how many."""
        old = self._clock() - TRIED_KEPT
        due = (RecordFileRow.state == "tried", RecordFileRow.brought_at <= old)
        with self._database.reading() as session:
            if session.scalars(select(RecordFileRow.id).where(*due).limit(1)).first() is None:
                return 0
        with self._database.writing() as session:
            return len(session.execute(delete(RecordFileRow).where(*due).returning(RecordFileRow.id)).all())


def as_file(row: RecordFileRow, person: PersonRow | None) -> RecordFile:
    return RecordFile(
        id=row.id,
        kind=cast("RecordKind", row.kind),
        name=row.name,
        sha256=row.sha256,
        length_bytes=row.length_bytes,
        mapping=RecordMapping.model_validate(row.mapping),
        first_day=row.first_day,
        last_day=row.last_day,
        state=row.state,
        rows=row.rows,
        problems=tuple(row.problems),
        problem_count=row.problem_count,
        counts=row.counts,
        brought_by="" if person is None else person.display_name or person.username,
        brought_at=row.brought_at,
        imported_at=row.imported_at,
    )


def _saved_mapping(session: Session, station_id: str, kind: str) -> RecordMapping | None:
    row = session.scalars(
        select(RecordMappingRow)
        .where(RecordMappingRow.station_id == station_id, RecordMappingRow.kind == kind)
        .order_by(RecordMappingRow.id.desc())
        .limit(1)
    ).first()
    return None if row is None else RecordMapping.model_validate(row.mapping)


def _find_file(session: Session, actor: Actor, file_id: str) -> RecordFileRow:
    row = session.get(RecordFileRow, file_id[:26])
    if row is None:
        raise StationNotFoundError("got an unknown file of records, expected one of your stations")
    find_station(session, actor, row.station_id)
    return row


def _check_importable(session: Session, row: RecordFileRow) -> None:
    if row.state != "tried" or row.problem_count or row.body is None:
        raise RecordsRefusedError(f"got a file that is {row.state}, with {row.problem_count} problems, expected none")
    same = select(RecordFileRow.id).where(
        RecordFileRow.station_id == row.station_id, RecordFileRow.kind == row.kind,
        RecordFileRow.sha256 == row.sha256, RecordFileRow.state == "imported",
        RecordFileRow.first_day == row.first_day, RecordFileRow.last_day == row.last_day,
    )  # fmt: skip
    if session.scalars(same.limit(1)).first() is not None:
        raise RecordsRefusedError("got a file that was imported already, for the same days")


def _measured(file: BinaryIO) -> tuple[str, int]:
    """SHA-256 and length; the file is at its beginning again. Beyond the limit only the length goes on."""
    digest, length = hashlib.sha256(), 0
    while chunk := file.read(CHUNK_BYTES):
        length += len(chunk)
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest(), length


def _packed(file: BinaryIO) -> bytes:
    file.seek(0)
    return zlib.compress(file.read(FILE_LIMIT_BYTES + 1), level=6)


def _plain_name(name: str) -> str:
    """The last part of a file's name, bounded, without what cannot be shown."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(each for each in last if each.isprintable())[-200:] or "records.csv"


def _as_json(problem: object) -> dict[str, str | int]:
    names = ("row", "code", "got", "expected", "column")
    return {name: getattr(problem, name) for name in names}


def _known(session: Session, station_id: str, kind: str, records: Iterable[ReadRecord]) -> Known:
    found: Known = {}
    numbers = [each.number for each in records]
    for at in range(0, len(numbers), NUMBERS_AT_ONCE):
        statement = select(
            RecordRow.number, RecordRow.id, RecordRow.version, RecordRow.plate, RecordRow.content
        ).where(
            RecordRow.station_id == station_id, RecordRow.kind == kind, RecordRow.is_current.is_(True),
            RecordRow.number.in_(numbers[at : at + NUMBERS_AT_ONCE]),
        )  # fmt: skip
        for number, row_id, version, plate, content in session.execute(statement):
            found[number] = (row_id, version, plate, content)
    return found


def _counts(session: Session, station_id: str, kind: str, found: ReadFile) -> dict[str, int]:
    """What an import would do."""
    known = _known(session, station_id, kind, found.records)
    counts = {"new": 0, "corrected": 0, "same": found.twice}
    for each in found.records:
        counts[_fate(known, each)] += 1
    return counts


def _fate(known: Known, each: ReadRecord) -> str:
    before = known.get(each.number)
    if before is None:
        return "new"
    return "same" if (before[2], before[3]) == (each.plate, dict(each.content)) else "corrected"


def _keep(session: Session, now: datetime, file: RecordFileRow, found: ReadFile) -> dict[str, int]:
    """Writes new records and new versions; what is the same stays as it is."""
    known = _known(session, file.station_id, file.kind, found.records)
    counts = {"new": 0, "corrected": 0, "same": found.twice}
    replaced: list[str] = []
    rows: list[RecordRow] = []
    for each in found.records:
        fate = _fate(known, each)
        counts[fate] += 1
        if fate == "same":
            continue
        before = known.get(each.number)
        replaced += [] if before is None else [before[0]]
        rows.append(
            RecordRow(
                id=new_id(now), station_id=file.station_id, kind=file.kind, number=each.number,
                version=1 if before is None else before[1] + 1, is_current=True, plate=each.plate, at=each.at,
                content=dict(each.content), file_id=file.id, row=each.row,
            )
        )  # fmt: skip
    for at in range(0, len(replaced), NUMBERS_AT_ONCE):
        ids = replaced[at : at + NUMBERS_AT_ONCE]
        session.execute(update(RecordRow).where(RecordRow.id.in_(ids)).values(is_current=False))
    session.add_all(rows)
    return counts
