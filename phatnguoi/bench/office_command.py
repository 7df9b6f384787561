"""`phatnguoi bench office`: how fast the office answers, at 20 screens and at growing numbers of cases."""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.database import Database, migrate
from phatnguoi.bench.office_fill import add_people, fill
from phatnguoi.bench.office_picture import draw
from phatnguoi.bench.office_visits import KINDS, Tally, Visitor
from phatnguoi.bench.provenance import provenance
from phatnguoi.errors import CheckFailedError
from phatnguoi.servers import ChildProcess, free_port
from phatnguoi.servers.postgres import PostgresServer

THINK_S = (5.0, 10.0)
VISITS_A_KIND = 40
BOUNDS_S = {"/queue": 0.06, "/search": 0.06, "/cases/{case_id}": 0.12}
"""95 of 100 answers within this, as the office's own histogram counts them."""
OFFICE_TIMEOUT_S = 60.0
_BUCKET = re.compile(
    r'phatnguoi_request_seconds_bucket\{le="([^"]+)",method="GET",route="([^"]+)",status="2xx"\} (\S+)'
)


def run_office(arguments: argparse.Namespace) -> int:
    """Prints the result, and writes it with a picture; 1 where a bound was missed or a page was wrong."""
    result: dict[str, Any] = provenance() | {
        "what": "answers of one office process and its jobs on a loopback; bulk-filled cases, generator beside it",
        "engine": arguments.engine,
        "cpus": os.cpu_count(),
        "sizes": {},
    }
    for size in sorted({*arguments.sizes, arguments.cases}):
        is_main = size == arguments.cases
        seconds = 60 * arguments.minutes if is_main else 0.0
        result["sizes"][str(size)] = _measure(arguments.engine, size, arguments.sessions, seconds)
        print(json.dumps({size: result["sizes"][str(size)]["one_by_one_ms"]}), flush=True)
    result["growth"] = _growth(result["sizes"])
    load = result["sizes"][str(arguments.cases)]["load"]
    result["is_held"] = all(each["is_held"] for each in load["routes"].values()) and not load["wrong"]
    print(json.dumps({"load": load, "growth": result["growth"]}, indent=1))
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        draw(result, arguments.out.with_suffix(".png"))
    return 0 if result["is_held"] else 1


def _measure(engine: str, size: int, sessions: int, seconds: float) -> dict[str, Any]:
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="phatnguoi-bench-office-") as name, ExitStack() as stack:
        folder = Path(name)
        url, server = stack.enter_context(_database(engine, folder))
        begin_s = time.monotonic()
        database = Database(url)
        migrate(database)
        fill(database, size, now)
        people = [row for _, row in add_people(database, now, sessions)]
        database.close()
        filled_s = time.monotonic() - begin_s
        with _office(url, folder) as (office, pid):
            visitors = [Visitor(office, person, size, now) for person in people]
            for visitor in visitors:
                visitor.sign_in()
            processes = (pid, *server)
            figures: dict[str, Any] = {
                "filled_s": round(filled_s, 1),
                "one_by_one_ms": _one_by_one(visitors, processes),
            }
            if seconds:
                figures["load"] = _load(office, processes, visitors, seconds)
            for visitor in visitors:
                visitor.close()
    return figures


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[tuple[str, Sequence[int]]]:
    """Its URL, and the process that serves it if there is one."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'office.db'}", ()
        return
    folder.chmod(0o755)
    server = PostgresServer(folder / "postgres")
    try:
        yield server.make_database("office"), (server.pid,)
    finally:
        server.stop()


@contextmanager
def _office(url: str, folder: Path) -> Iterator[tuple[str, int]]:
    """A real process, with its jobs: its address, and its id."""
    (folder / "store" / "packages").mkdir(parents=True, exist_ok=True)
    port = free_port()
    settings = {
        "PHATNGUOI_DATABASE_URL": url,
        "PHATNGUOI_STORE": f"folder://{folder / 'store'}",
        "PHATNGUOI_EVIDENCE_CACHE": str(folder / "cache"),
        "PHATNGUOI_SECURE_COOKIES": "false",
        "PHATNGUOI_SECOND_FACTOR_ROLES": "[]",
    }
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PHATNGUOI_")} | settings
    command = [sys.executable, "-m", "phatnguoi.main", "office", "--port", str(port)]
    process = ChildProcess(command, log_path=folder / "office.log", environment=environment)
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        process.wait_until(answers, OFFICE_TIMEOUT_S, "office")
        yield address, process.pid
    finally:
        process.stop()


def _one_by_one(visitors: Sequence[Visitor], processes: Sequence[int]) -> dict[str, Any]:
    """Each kind of page, one request at a time, after a round that nobody counts.

    `cpu` is the processor time of office and database a page, which other work on the machine hardly changes.
    """
    tally, unheard, cpu_ms = Tally(), Tally(), {}
    for kind in KINDS:
        for visitor in visitors:
            visitor.visit(kind, unheard)
        begin_s = _cpu_s(processes)
        for number in range(VISITS_A_KIND):
            visitors[number % len(visitors)].visit(kind, tally)
        cpu_ms[kind] = round(1000 * (_cpu_s(processes) - begin_s) / VISITS_A_KIND, 1)
    if tally.wrong:
        raise CheckFailedError(f"{len(tally.wrong)} pages were wrong; the first: {tally.wrong[0]}")
    return {kind: _spread_ms(seconds) | {"cpu": cpu_ms[kind]} for kind, seconds in tally.seconds.items()}


def _load(office: str, processes: Sequence[int], visitors: Sequence[Visitor], seconds: float) -> dict[str, Any]:
    """Every visitor in a thread of its own, with 5 to 10 s between two pages."""
    before, tally, stop = _buckets(office), Tally(), threading.Event()
    cpu_s, others = _cpu_s(processes), [os.getloadavg()[0]]
    until_s = time.monotonic() + seconds
    think_s = THINK_S if seconds >= 60 else (0.05, 0.1)
    threads = [
        threading.Thread(target=visitor.stay, args=(until_s, tally, think_s, stop), daemon=True) for visitor in visitors
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 60)
    stop.set()
    after = _buckets(office)
    pages = sum(len(each) for each in tally.seconds.values())
    others.append(os.getloadavg()[0])
    return {
        "load_average_1_min": [round(each, 1) for each in others],
        "cpu_ms_a_page": round(1000 * (_cpu_s(processes) - cpu_s) / max(1, pages), 1),
        "sessions": len(visitors),
        "seconds": seconds,
        "think_s": think_s,
        "seen_by_visitor_ms": {kind: _spread_ms(each) for kind, each in tally.seconds.items() if each},
        "wrong": tally.wrong[:20],
        "routes": {route: _held(route, before.get(route, {}), after.get(route, {})) for route in BOUNDS_S},
    }


def _cpu_s(processes: Sequence[int]) -> float:
    """Processor time so far of these processes and their children (a database has one for each connection)."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(path.parent.name) in processes or int(fields[1]) in processes:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _buckets(office: str) -> dict[str, dict[float, float]]:
    """Route → upper bound in s → how many answers within it."""
    with urllib.request.urlopen(f"{office}/metrics", timeout=30) as answer:  # noqa: S310 - our own address
        text = answer.read().decode()
    found: dict[str, dict[float, float]] = {}
    for bound, route, count in _BUCKET.findall(text):
        found.setdefault(route, {})[float(bound)] = float(count)
    return found


def _held(route: str, before: dict[float, float], after: dict[float, float]) -> dict[str, Any]:
    counts = {bound: count - before.get(bound, 0) for bound, count in sorted(after.items())}
    total = counts.get(float("inf"), 0)
    bound_s = BOUNDS_S[route]
    within = counts.get(bound_s, 0)
    return {
        "n": int(total),
        "bound_ms": round(1000 * bound_s),
        "within": int(within),
        "p95_ms": _quantile_ms(counts, total, 0.95),
        "is_held": total > 0 and within >= 0.95 * total,
    }


def _quantile_ms(counts: dict[float, float], total: float, share: float) -> float | None:
    """By straight lines within a bucket, as Prometheus does it."""
    lower_s, lower = 0.0, 0.0
    for bound_s, count in counts.items():
        if total and count >= share * total:
            if bound_s == float("inf"):
                return None
            part = (share * total - lower) / (count - lower) if count > lower else 1.0
            return round(1000 * (lower_s + part * (bound_s - lower_s)), 1)
        lower_s, lower = bound_s, count
    return None


def _spread_ms(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(1000 * each for each in seconds)
    return {
        "n": len(ordered),
        "median": round(statistics.median(ordered), 1),
        "p95": round(ordered[max(0, -(-len(ordered) * 95 // 100) - 1)], 1),
    }


def _growth(sizes: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Processor time a page at each size over that at the smallest."""
    smallest = sizes[min(sizes, key=int)]["one_by_one_ms"]
    return {
        kind: {
            size: round(figures["one_by_one_ms"][kind]["cpu"] / max(0.1, smallest[kind]["cpu"]), 2)
            for size, figures in sorted(sizes.items(), key=lambda each: int(each[0]))
        }
        for kind in KINDS
    }
