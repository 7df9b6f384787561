"""The same week gives the same findings on both engines."""

from __future__ import annotations

from phatnguoi.bench.station_week import WeekPlan, station_week
from tests.api.audits.stations import FIRST, LAST, STATION, add_station, after_week, bring_week
from tests.api.kit import SmallOffice


def test_a_week_is_compared_alike(here: SmallOffice) -> None:
    here.clock.now = after_week()
    add_station(here.office)
    auditor = here.person("auditor")
    bring_week(here.office, auditor, station_week(WeekPlan(seed=2, visits=60, records=20, ghosts=2, absent=1)))
    for _ in range(2):
        here.office.audits.compare(auditor, STATION, FIRST, LAST)
    lines = here.office.audits.findings(auditor, STATION, FIRST, LAST)
    assert sorted(line.code for line in lines) == ["BX-2", "BX-2", "DK-1"]
    here.office.audits.decide(auditor, lines[0].id, "rejected", "Ghi nhầm giờ", "")
    assert here.office.audit_reports.make(auditor, STATION, FIRST, LAST).report.findings
