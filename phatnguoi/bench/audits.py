"""`phatnguoi bench audits`: how fast visits and records are compared, and what is found of what was planted."""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from api.actor import Actor
from api.audits.records.service import RecordService
from api.audits.service import AuditService
from api.audits.visits import VisitService, is_asked_for
from api.database import Database, migrate
from api.evidence import VerifiedFiles
from api.store import FolderReader
from models.tables import RecordRow, ZoneVisitRow
from phatnguoi.bench.audits_week import FIRST, LAST, STATION, add_sim_station, bring_week
from phatnguoi.bench.provenance import provenance
from phatnguoi.bench.station_week import MONDAY, Noise, StationWeek, WeekPlan, station_week

TRUCK = {"vehicle": "truck"}
AUDITOR = Actor(frozenset({"auditor"}))
KEPT = Path("docs/results/station-audits.json")
SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
WEEK_VISITS, WEEK_RECORDS, PLANTED = 2_000, 400, 10
CONDITIONS: dict[str, dict[str, Any]] = {
    "clean": {},
    "planted": {"ghosts": PLANTED, "unordered": PLANTED, "absent": PLANTED},
    "planted, cameras down 20 h": {"ghosts": PLANTED, "unordered": PLANTED, "absent": PLANTED, "down_hours": 20},
    "planted, 3 % unread, 1 % misread": {
        "ghosts": PLANTED, "unordered": PLANTED, "absent": PLANTED, "noise": Noise(unread=0.03, misread=0.01),
    },
    "planted, all of these": {
        "ghosts": PLANTED, "unordered": PLANTED, "absent": PLANTED, "down_hours": 20,
        "noise": Noise(unread=0.03, misread=0.01),
    },
    "planted, 1 % of visits missed by a camera that is up": {
        "ghosts": PLANTED, "unordered": PLANTED, "absent": PLANTED, "noise": Noise(missed=0.01),
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Bench:
    database: Database
    visits: VisitService
    records: RecordService
    audits: AuditService


def run_audits(arguments: argparse.Namespace) -> int:
    """Prints the figures as JSON; with `--keep` they become the kept result."""
    figures = {
        "measured_with": {key: provenance()[key] for key in ("date", "revision")}
        | {"python": platform.python_version()},
        "engine": "sqlite, one process, one thread; compare() reads, judges and writes",
        "speed": [_timed(size) for size in SIZES if size <= arguments.largest],
        "weeks": {name: _weeks(changes, arguments.weeks) for name, changes in CONDITIONS.items()},
    }
    text = json.dumps(figures, indent=1, ensure_ascii=False)
    print(text)
    if arguments.keep:
        KEPT.write_text(text + "\n", encoding="utf-8")
    return 0


def _timed(visits: int) -> dict[str, Any]:
    """One week of that many visits and a fifth as many records. Every car and motorbike at a gate is made a truck here,
    so that none is only counted."""
    with _office() as bench:
        week = station_week(WeekPlan(visits=visits, records=visits // 5, ghosts=10, unordered=10, absent=10))
        for seen in week.visits.values():
            seen[:] = [v if is_asked_for(v.kind, v.vehicle) else v.model_copy(update=TRUCK) for v in seen]
        bring_week(bench.visits, bench.records, AUDITOR, week)
        with bench.database.reading() as session:
            kept, records = (session.scalar(select(func.count()).select_from(row)) for row in (ZoneVisitRow, RecordRow))
        begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
        bench.audits.compare(AUDITOR, STATION, FIRST, LAST)
        spent_s, spent_cpu_s = time.perf_counter() - begin_s, time.process_time() - begin_cpu_s
        return {"visits": visits, "visits_kept": kept, "records": records, "wall_s": round(spent_s, 3),
                "cpu_s": round(spent_cpu_s, 3)}  # fmt: skip


def _weeks(changes: dict[str, Any], count: int) -> dict[str, Any]:
    """Found, undecided and false, summed over weeks of different seeds."""
    total: Counter[str] = Counter()
    for seed in range(1, count + 1):
        week = station_week(WeekPlan(seed=seed, visits=WEEK_VISITS, records=WEEK_RECORDS, **changes))
        with _office() as bench:
            bring_week(bench.visits, bench.records, AUDITOR, week)
            bench.audits.compare(AUDITOR, STATION, FIRST, LAST)
            total.update(_tally(bench, week))
    return {"weeks": count} | dict(sorted(total.items()))


def _tally(bench: _Bench, week: StationWeek) -> Counter[str]:
    lines = bench.audits.findings(AUDITOR, STATION, FIRST, LAST)
    plates = {str(v.plate) for visits in week.visits.values() for v in visits if v.id in week.unordered_visits}
    planted = {"BX-1": plates, "BX-2": week.ghost_orders, "DK-1": week.absent_inspections}
    run = bench.audits.newest_run(AUDITOR, STATION, FIRST, LAST)
    assert run is not None
    total: Counter[str] = Counter()
    for code, names in planted.items():
        found = {line.record_number or line.plate for line in lines if line.code == code}
        total[f"{code} planted and seen"] += len(names)
        total[f"{code} found"] += len(found & names)
        total[f"{code} false"] += len(found - names)
        total[f"{code} undecided"] += sum(run.figures[code]["undecided"].values())
    return total


@contextmanager
def _office() -> Iterator[_Bench]:
    with tempfile.TemporaryDirectory(prefix="phatnguoi-bench-audits-") as folder:
        database = Database(f"sqlite:///{folder}/office.db")
        migrate(database)
        now = MONDAY + timedelta(days=8)

        def clock() -> datetime:
            return now

        add_sim_station(database, now)
        files = VerifiedFiles(FolderReader(Path(folder)), Path(folder) / "cache", 1024)
        yield _Bench(
            database,
            VisitService(database, timedelta(days=92), clock),
            RecordService(database, clock),
            AuditService(database, files, clock),
        )
        database.close()
