"""The publisher's process is killed at seeded instants: nothing is lost, nothing is doubled."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from pydantic import AnyHttpUrl, SecretStr

from detector.errors import AlreadyRunningError
from detector.folders import WorkerFolders
from detector.outbox import Outbox
from detector.publisher import Recording, make_publisher
from detector.settings import WorkerSettings
from detector.store import FolderStore
from tests.detector.fake_office import KEY, FakeOffice, served
from tests.detector.kit import START, other_claim, write_video

ROUNDS = 24
CLAIMS_A_ROUND = 2


def _settings(root: Path, url: str) -> WorkerSettings:
    return WorkerSettings(
        worker_folder=root / "worker",
        store=f"folder://{root / 'store'}",
        office_url=AnyHttpUrl(url),
        worker_key=SecretStr(KEY),
    )


def _publish(root: Path, url: str, video: Path) -> None:
    make_publisher(_settings(root, url), {"hn-ltk-hb": Recording(video, START)}).run()


def _start(root: Path, url: str, video: Path) -> ForkServerProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "detector.publisher"])
    process = context.Process(target=_publish, args=(root, url, video))
    process.start()
    return process


def _wait_for(outbox: Outbox, rng: random.Random) -> None:
    """Until a state that the seed names is reached, and a little on: the kill falls into each step in turn."""
    state = rng.choice(["claimed", "packaged", "stored", "submitted", "done"])
    deadline_s = time.monotonic() + 1
    while time.monotonic() < deadline_s and not outbox.rows(state):  # type: ignore[arg-type]
        time.sleep(0.001)
    time.sleep(rng.uniform(0, 0.08))


@pytest.mark.slow
def test_no_kill_loses_or_doubles_a_claim(tmp_path: Path) -> None:
    video = tmp_path / "clip.mp4"
    write_video(video)
    FolderStore(tmp_path / "store").prepare()
    office = FakeOffice(tmp_path / "store")
    outbox = Outbox(WorkerFolders(tmp_path / "worker").outbox)
    rng = random.Random(20261123)
    committed: list[str] = []
    killed_in: list[str] = []
    with served(office) as url:
        for number in range(ROUNDS):
            process = _start(tmp_path, url, video)
            _until_it_works(WorkerFolders(tmp_path / "worker"), process)
            for claim in (other_claim(number * 10 + step) for step in range(CLAIMS_A_ROUND)):
                outbox.commit(claim)
                committed.append(claim.id)
            if number % 3 == 0:
                office.faults.append(rng.choice([503, "lost"]))
            _wait_for(outbox, rng)
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            killed_in.append("+".join(state for state, count in outbox.depths().items() if count and state != "done"))
        _finish(tmp_path, url, video, outbox, len(committed))
    print(f"{ROUNDS} kills, with claims in the states: {sorted(set(killed_in))}")
    assert office.cases == dict.fromkeys(committed, 1)
    assert outbox.outcomes() == [("case", "", len(committed))]
    assert list(WorkerFolders(tmp_path / "worker").packages.iterdir()) == []
    assert len(set(killed_in)) >= 4


def _until_it_works(folders: WorkerFolders, process: ForkServerProcess) -> None:
    """The publisher is up when it holds its lock."""
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s:
        assert process.is_alive()
        try:
            with folders.held("publisher"):
                pass
        except AlreadyRunningError:
            return
        time.sleep(0.02)


def _finish(root: Path, url: str, video: Path, outbox: Outbox, count: int) -> None:
    process = _start(root, url, video)
    deadline_s = time.monotonic() + 60
    while outbox.depths()["done"] < count and time.monotonic() < deadline_s:
        time.sleep(0.05)
    time.sleep(0.3)
    process.terminate()
    process.join()
