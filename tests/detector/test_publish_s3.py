"""The store is killed in the middle of uploads and comes back: every claim becomes one case, from whole objects."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.store import S3Reader
from detector import publish
from detector.folders import WorkerFolders
from detector.office import OfficeClient
from detector.outbox import Outbox
from detector.publish import Bench, Packager, Sender
from detector.publisher import Publisher
from detector.store_s3 import S3Store
from streams.file_packets import FilePackets
from streams.reconnect import Waits
from tests.detector.fake_office import KEY, FakeOffice, served
from tests.detector.kit import START, other_claim, write_video
from tests.servers import S3Server

KILLS = 5
CLAIMS_A_KILL = 4


@pytest.mark.server
@pytest.mark.slow
def test_no_kill_of_the_store_loses_or_doubles_a_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "WAITS", Waits(first_s=0.2, longest_s=0.5))
    video = tmp_path / "clip.mp4"
    write_video(video)
    folders = WorkerFolders(tmp_path / "worker")
    bench = Bench(folders, Outbox(folders.outbox))
    rng = random.Random(7)
    server = S3Server(tmp_path / "s3")
    try:
        server.make_bucket("evidence")
        keys = server.endpoint, "evidence", server.access_key, server.secret_key
        office = FakeOffice(S3Reader(*keys, is_tls=False))
        packets = FilePackets(video, START)
        with served(office) as url:
            client = OfficeClient(url, SecretStr(KEY))
            publisher = Publisher(
                bench, Packager(bench, lambda _: packets), Sender(bench, S3Store(*keys, is_tls=False), client)
            )
            thread = threading.Thread(target=publisher.run)
            thread.start()
            for number in range(KILLS * CLAIMS_A_KILL):
                bench.outbox.commit(other_claim(number))
                if number % CLAIMS_A_KILL == 0:
                    _wait_for_an_upload(bench.outbox)
                    time.sleep(rng.uniform(0, 0.1))
                    server.kill()
                    server = S3Server(tmp_path / "s3", port=server.port)
            _wait_until_done(bench.outbox, KILLS * CLAIMS_A_KILL)
            publisher.stop.set()
            thread.join()
            client.close()
    finally:
        server.stop()
    assert office.cases == {other_claim(number).id: 1 for number in range(KILLS * CLAIMS_A_KILL)}
    failures = bench.counters.count("store_failures", "unreachable")
    print(f"{KILLS} kills of the store, {failures} uploads broken off")
    assert failures >= 1


def _wait_for_an_upload(outbox: Outbox) -> None:
    deadline_s = time.monotonic() + 5
    while not outbox.rows("packaged") and time.monotonic() < deadline_s:
        time.sleep(0.002)


def _wait_until_done(outbox: Outbox, count: int) -> None:
    deadline_s = time.monotonic() + 60
    while outbox.depths()["done"] < count and time.monotonic() < deadline_s:
        time.sleep(0.05)
