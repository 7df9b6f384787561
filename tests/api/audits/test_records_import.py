"""Records come in whole or not at all; a correction is a version; who may, may only in their own stations."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from api.errors import NotAllowedError, RecordsRefusedError, StationNotFoundError
from models.tables import RecordRow
from tests.api.audits.stations import STATION, WEEK, add_station, after_week, bring, mapping_of
from tests.api.kit import SmallOffice, small_office

HEADER = "id,plate,depart_plan,depart_real,route\n"
GOOD = HEADER + "L1,75B-012.34,,03/11/2026 10:00:00,Huế\nL2,75B-99887,,03/11/2026 11:00:00,\n"


@pytest.fixture
def here(office_sqlite_path: Path, tmp_path: Path) -> Iterator[SmallOffice]:
    (tmp_path / "office.db").write_bytes(office_sqlite_path.read_bytes())
    small = small_office(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    small.clock.now = after_week()
    add_station(small.office)
    yield small
    small.office.close()


def rows(here: SmallOffice) -> list[tuple[str, int, bool, str, int]]:
    with here.office.database.reading() as session:
        statement = select(RecordRow).order_by(RecordRow.number, RecordRow.version)
        return [(row.number, row.version, row.is_current, row.plate, row.row) for row in session.scalars(statement)]


def test_nothing_is_kept_before_it_is_imported_and_nothing_of_a_bad_file(here: SmallOffice) -> None:
    auditor = here.person("auditor")
    mapping = mapping_of("transport_order")
    bad = io.BytesIO((GOOD + "L3,none,,03/11/2026 11:00:00,\n").encode())
    tried = here.office.records.try_file(auditor, STATION, "a.csv", bad, mapping, WEEK)
    assert rows(here) == []
    with pytest.raises(RecordsRefusedError, match="1 problems"):
        here.office.records.import_file(auditor, tried)
    good = here.office.records.try_file(auditor, STATION, "a.csv", io.BytesIO(GOOD.encode()), mapping, WEEK)
    assert rows(here) == [] and here.office.records.file(auditor, good)[1].counts == {
        "new": 2,
        "corrected": 0,
        "same": 0,
    }
    here.office.records.import_file(auditor, good)
    assert rows(here) == [("L1", 1, True, "75B01234", 2), ("L2", 1, True, "75B99887", 3)]


def test_a_correction_is_a_version_with_its_own_file(here: SmallOffice) -> None:
    auditor = here.person("auditor")
    bring(here.office, auditor, "transport_order", GOOD.encode(), name="C:\\Lệnh\\tháng 11.csv")
    here.clock.turn(timedelta(minutes=1))
    corrected = bring(here.office, auditor, "transport_order", GOOD.replace("10:00", "10:05").encode())
    assert rows(here)[:2] == [("L1", 1, False, "75B01234", 2), ("L1", 2, True, "75B01234", 2)]
    _, file = here.office.records.file(auditor, corrected)
    assert file.counts == {"new": 0, "corrected": 1, "same": 1} and file.state == "imported"
    names = [each.name for each in here.office.records.files(auditor, STATION)]
    assert names == ["transport_order.csv", "tháng 11.csv"]


def test_the_same_file_for_the_same_days_is_imported_once(here: SmallOffice) -> None:
    auditor = here.person("auditor")
    bring(here.office, auditor, "transport_order", GOOD.encode())
    with pytest.raises(RecordsRefusedError, match="already"):
        bring(here.office, auditor, "transport_order", GOOD.encode())


def test_a_trial_is_forgotten_after_a_day(here: SmallOffice) -> None:
    auditor = here.person("auditor")
    file = io.BytesIO(GOOD.encode())
    tried = here.office.records.try_file(auditor, STATION, "a.csv", file, mapping_of("transport_order"), WEEK)
    here.clock.turn(timedelta(hours=25))
    assert here.office.records.forget() == 1
    with pytest.raises(StationNotFoundError):
        here.office.records.import_file(auditor, tried)


def test_the_mapping_is_offered_again(here: SmallOffice) -> None:
    auditor = here.person("auditor")
    assert here.office.records.mapping(auditor, STATION, "transport_order").time_form == "DD/MM/YYYY HH:MM"
    bring(here.office, auditor, "transport_order", GOOD.encode())
    assert here.office.records.mapping(auditor, STATION, "transport_order") == mapping_of("transport_order")


def test_another_agency_s_and_another_group_s_auditor_see_no_station(here: SmallOffice) -> None:
    strangers = [
        here.person("auditor", agency="Sở Xây dựng khác"),
        here.person("auditor", camera_groups=frozenset({"phía bắc"})),
    ]
    for stranger in strangers:
        assert here.office.audits.stations(stranger) == ()
        with pytest.raises(StationNotFoundError):
            bring(here.office, stranger, "transport_order", GOOD.encode())
        with pytest.raises(StationNotFoundError):
            here.office.audits.compare(stranger, STATION, WEEK.first, WEEK.last)


@pytest.mark.parametrize("role", ["reviewer", "supervisor", "administrator", "operations"])
def test_only_auditors_audit(here: SmallOffice, role: str) -> None:
    person = here.person(role)  # type: ignore[arg-type]
    for act in (
        lambda: here.office.audits.stations(person),
        lambda: here.office.records.files(person, STATION),
        lambda: here.office.audits.compare(person, STATION, WEEK.first, WEEK.last),
    ):
        with pytest.raises(NotAllowedError):
            act()
