"""`phatnguoi bench log`: how fast the log takes entries in and proves them; what sealing and verifying costs."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from api.database import Database, migrate
from api.log.reading import consistency, inclusion
from api.log.sequencer import BATCH, Sequencer
from api.log.signing import LogSigner
from api.log.tree import NodeCache
from api.log.writing import log_entry
from models.domain.manifest import ENVELOPE_NAME, MANIFEST_NAME, Manifest
from models.tables import LogCheckpointRow, LogEntryRow
from models.verify.envelope import MANIFEST_TYPE, sign_envelope
from models.verify.files import FolderFiles
from models.verify.keys import new_key
from models.verify.merkle import check_inclusion, leaf_hash
from models.verify.package import verify_package
from models.verify.steps import Steps
from models.verify.trust import Trust

PROOFS = 200
SEALS = 200
FILL_CHUNK = 20_000


def run_log(arguments: argparse.Namespace) -> int:
    """Prints the figures as JSON."""
    with tempfile.TemporaryDirectory(prefix="phatnguoi-bench-log-") as folder:
        database = Database(arguments.database or f"sqlite:///{folder}/log.db")
        migrate(database)
        figures: dict[str, object] = {"engine": database.engine.dialect.name, "cpus": os.cpu_count()}
        figures |= _append(database, arguments.entries)
        figures |= _prove(database, arguments.size)
        database.close()
        if arguments.package is not None:
            figures |= _seal_and_verify(arguments.package, Path(folder))
    print(json.dumps(figures, indent=1))
    return 0


def _append(database: Database, count: int) -> dict[str, object]:
    """Each entry in a transaction of its own, as moves do it; then numbered in batches."""
    sequencer = Sequencer(database, LogSigner("bench", new_key(), ()), lambda: datetime.now(UTC))
    begin_s = time.perf_counter()
    for number in range(count):
        with database.writing() as session:
            facts = {"what": "view", "role": "reviewer"}
            log_entry(session, datetime.now(UTC), "audit", f"case-{number}", facts, private={"person": "somebody"})
    written_s = time.perf_counter()
    while sequencer.step():
        pass
    numbered_s = time.perf_counter()
    return {
        "entries": count,
        "batch": BATCH,
        "moves_a_second": round(count / (written_s - begin_s)),
        "numbered_a_second": round(count / (numbered_s - written_s)),
        "append_a_second_all_in_one_process": round(count / (numbered_s - begin_s)),
    }


def _prove(database: Database, size: int) -> dict[str, object]:
    """Fills the log with plain leaves up to the size, then asks for proofs all over it, each in a new transaction."""
    _fill(database, size)
    numbers = [int(hashlib.sha256(str(at).encode()).hexdigest(), 16) % (size - 1) for at in range(PROOFS)]
    with database.reading() as session:
        root = NodeCache(session).root(size)

    def prove(number: int) -> None:
        with database.reading() as session:
            proof = inclusion(session, number, size)
            leaf = session.get_one(LogEntryRow, number).leaf
        check_inclusion("entry", leaf.encode(), number, size, proof, root)

    def connect(number: int) -> None:
        with database.reading() as session:
            consistency(session, number + 1, size)

    return {
        "size": size,
        "inclusion_ms": _timed_ms([lambda n=n: prove(n) for n in numbers]),  # type: ignore[misc]
        "consistency_ms": _timed_ms([lambda n=n: connect(n) for n in numbers]),  # type: ignore[misc]
    }


def _fill(database: Database, size: int) -> None:
    with database.reading() as session:
        newest = session.query(LogCheckpointRow.size).order_by(LogCheckpointRow.size.desc()).first()
    start = 0 if newest is None else int(newest[0])
    while start < size:
        count = min(FILL_CHUNK, size - start)
        leaves = [f'{{"bench":{number}}}' for number in range(start, start + count)]
        with database.writing() as session:
            NodeCache(session).append(start, [leaf_hash(leaf.encode()) for leaf in leaves])
            rows = [
                {"number": start + at, "kind": "audit", "subject": "bench", "leaf": leaf}
                for at, leaf in enumerate(leaves)
            ]
            session.execute(insert(LogEntryRow), rows)
        start += count


def _seal_and_verify(package: Path, folder: Path) -> dict[str, object]:
    """A package on the disk: its manifest signed anew by a key made here, then verified as a stranger would."""
    key, copy = new_key(), folder / "package"
    copy.mkdir()
    for file in package.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    body = (copy / MANIFEST_NAME).read_bytes()
    (copy / ENVELOPE_NAME).write_bytes(sign_envelope(key, body, MANIFEST_TYPE))
    trust = Trust(workers=(key.public,))

    def seal() -> None:
        Manifest.model_validate_json(body).canonical()
        for file in Manifest.model_validate_json(body).files:
            with (copy / file.name).open("rb") as opened:
                hashlib.file_digest(opened, "sha256")
        sign_envelope(key, body, MANIFEST_TYPE)

    return {
        "package_bytes": sum(file.stat().st_size for file in copy.iterdir()),
        "seal_cpu_ms": _timed_ms([seal] * SEALS, time.process_time),
        "verify_package_cpu_ms": _timed_ms(
            [lambda: verify_package(FolderFiles(copy), trust, Steps())] * SEALS, time.process_time
        ),
    }


def _timed_ms(works: list[Callable[[], object]], clock: Callable[[], float] = time.perf_counter) -> dict[str, float]:
    spent = []
    for work in works:
        begin_s = clock()
        work()
        spent.append(1000 * (clock() - begin_s))
    spent.sort()
    return {
        "n": len(spent),
        "median": round(spent[len(spent) // 2], 3),
        "p99": round(spent[len(spent) * 99 // 100], 3),
        "longest": round(spent[-1], 3),
    }
