"""`phatnguoi bench review`: the simulated year of the review office, and what came of it."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from api.database import migrate
from api.office import open_office
from api.settings import OfficeSettings
from phatnguoi.bench.provenance import provenance
from phatnguoi.bench.review_world import BEGIN, Model
from phatnguoi.bench.review_year import HandClock, Year, outcome

IN_MEMORY = "sqlite://"


def run_review(arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        result = simulate(Path(folder), arguments.days, arguments.claims, arguments.seed)
    text = json.dumps(result, ensure_ascii=False, indent=1) + "\n"
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


def simulate(folder: Path, days: int, claims_a_year: int, seed: int) -> dict[str, object]:
    """So many days at the pace of so many claims a year, in a database in memory."""
    (folder / "store" / "packages").mkdir(parents=True)
    settings = OfficeSettings(
        database_url=IN_MEMORY,  # type: ignore[arg-type]
        store=f"folder://{folder / 'store'}",
        evidence_cache=folder / "cache",
        sample_key=f"year {seed}",  # type: ignore[arg-type]
    )
    clock = HandClock(BEGIN)
    office = open_office(settings, clock)
    migrate(office.database)
    year = Year(office, clock, Model(), random.Random(seed))  # noqa: S311  (nothing secret)
    begin_s = time.perf_counter()
    year.prepare()
    year.run(days, claims_a_year / 365)
    result = {
        "provenance": provenance(),
        "assumed": {"days": days, "claims_a_year": claims_a_year, "seed": seed, **year.model.stated()},
        "outcome": outcome(year),
        "took_s": round(time.perf_counter() - begin_s, 1),
    }
    office.close()
    return result
