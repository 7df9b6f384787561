"""Whatever is down, slow, killed or wrong: no claim is lost, and none is handed in as two."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from detector import publish
from detector.errors import AlreadyRunningError, StoreUnreachableError
from detector.evidence.claim import Claim
from detector.folders import WorkerFolders
from detector.office import OfficeClient
from detector.outbox import Outbox
from detector.outbox_rows import OutboxRow
from detector.publish import Bench, Packager, Sender
from detector.publisher import Publisher, sweep
from detector.store import FolderStore
from models.domain.store import StoredObject
from streams.file_packets import FilePackets
from streams.packets import PacketStore
from tests.detector.fake_office import KEY, FakeOffice, served
from tests.detector.kit import START, make_claim, other_claim, write_video
from tests.servers import free_port


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    write_video(path)
    return path


class Clock:
    """Seconds that pass only when a test says so; for the waits of the doors."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Desk:
    """One worker's publisher, worked by hand, step by step."""

    def __init__(self, root: Path, video: Path, office_url: str, key: str = KEY) -> None:
        self.store = FolderStore(root / "store")
        self.store.prepare()
        self.clock = Clock()
        folders = WorkerFolders(root / "worker")
        self.bench = Bench(folders, Outbox(folders.outbox))
        self.packets: PacketStore = FilePackets(video, START)
        self.packager = Packager(self.bench, lambda _: self.packets)
        self.client = OfficeClient(office_url, SecretStr(key), answer_timeout_s=0.5)
        self.sender = Sender(self.bench, self.store, self.client, self.clock)

    @property
    def outbox(self) -> Outbox:
        return self.bench.outbox

    def commit(self, claim: Claim | None = None) -> Claim:
        claim = claim or make_claim()
        self.outbox.commit(claim)
        return claim

    def work(self, until: Callable[[], bool], timeout_s: float = 10.0) -> None:
        """Steps, and lets the waits pass, until `until` holds."""
        deadline_s = time.monotonic() + timeout_s
        while not until():
            assert time.monotonic() < deadline_s, self.outbox.depths()
            if not (self.packager.step() or self.sender.step()):
                time.sleep(0.01)
            self.clock.now_s += 60

    def row(self, claim: Claim) -> OutboxRow:
        row = self.outbox.row(claim.id)
        assert row is not None
        return row

    def is_done(self) -> bool:
        depths = self.outbox.depths()
        return depths["done"] > 0 and sum(depths.values()) == depths["done"]


@pytest.fixture
def office(tmp_path: Path) -> FakeOffice:
    return FakeOffice(tmp_path / "store")


@pytest.fixture
def desk(tmp_path: Path, video: Path, office: FakeOffice) -> Iterator[Desk]:
    with served(office) as url:
        desk = Desk(tmp_path, video, url)
        yield desk
        desk.client.close()
        desk.outbox.close()


def test_a_claim_becomes_a_case_that_the_office_has_verified(desk: Desk, office: FakeOffice) -> None:
    claim = desk.commit()
    desk.work(desk.is_done)
    row = desk.row(claim)
    assert (row.outcome, row.case_id) == ("case", f"case-{claim.id[:6]}")
    assert office.cases == {claim.id: 1}
    assert not (desk.bench.folders.packages / claim.id).exists()


def test_a_bicycle_is_handed_in_without_an_act_code(desk: Desk, office: FakeOffice) -> None:
    claim = make_claim()
    claim = replace(claim, violation=replace(claim.violation, vehicle="bicycle", act_code=None))
    desk.commit(claim)
    desk.work(desk.is_done)
    assert office.messages[claim.id].act_code is None


@pytest.mark.parametrize(
    "fault", [500, 502, 503, 429, 404, "silent", "lost"], ids=lambda fault: f"the office answers {fault}"
)
@pytest.mark.parametrize("request_number", [0, 1], ids=["when it is handed in", "when it is asked"])
def test_a_failing_office_is_tried_again(desk: Desk, office: FakeOffice, fault: int | str, request_number: int) -> None:
    claim = desk.commit()
    if request_number:
        desk.work(lambda: desk.row(claim).state == "submitted")
    office.faults.append(fault)
    desk.work(desk.is_done)
    assert office.cases == {claim.id: 1}
    assert desk.row(claim).outcome == "case"


def test_an_office_that_is_not_there_loses_nothing(tmp_path: Path, video: Path, office: FakeOffice) -> None:
    port = free_port()
    desk = Desk(tmp_path, video, f"http://127.0.0.1:{port}")
    claims = [desk.commit(other_claim(number)) for number in range(3)]
    desk.work(lambda: desk.sender.office_door.failures >= 3 and desk.outbox.depths()["stored"] == 3)
    with served(office, port):
        desk.work(desk.is_done)
    assert office.cases == {claim.id: 1 for claim in claims}


def test_nobody_knocks_while_the_office_is_waited_for(tmp_path: Path, video: Path, office: FakeOffice) -> None:
    with served(office) as url:
        desk = Desk(tmp_path, video, url)
        desk.commit()
        desk.work(lambda: desk.outbox.depths()["stored"] == 1)
        office.faults.extend([500] * 10)
        desk.clock.now_s = 10_000.0
        assert desk.sender.step()
        before = office.requests["POST"]
        assert not any(desk.sender.step() for _ in range(20))
        assert office.requests["POST"] == before
        desk.clock.now_s += 0.5
        assert desk.sender.step()
        assert office.requests["POST"] == before + 1


def test_an_office_that_has_forgotten_gets_the_same_message_again(desk: Desk, office: FakeOffice) -> None:
    claim = desk.commit()
    office.verify_after_s = 999
    desk.work(lambda: desk.row(claim).state == "submitted")
    first = office.messages[claim.id]
    office.forget()
    office.verify_after_s = 0
    desk.work(desk.is_done)
    assert office.messages[claim.id] == first
    assert office.cases == {claim.id: 1}


def test_a_worker_key_that_is_revoked_makes_claims_wait(
    tmp_path: Path, video: Path, office: FakeOffice, caplog: pytest.LogCaptureFixture
) -> None:
    with served(office) as url:
        desk = Desk(tmp_path, video, url, key="an-old-secret-key")
        claim = desk.commit()
        desk.work(lambda: desk.sender.office_door.failures >= 2)
        assert desk.row(claim).state == "stored"
    assert any(record.levelname == "ERROR" for record in caplog.records)
    assert "an-old-secret-key" not in caplog.text


def test_another_manifest_of_the_same_id_is_set_aside_loudly(
    desk: Desk, office: FakeOffice, caplog: pytest.LogCaptureFixture
) -> None:
    claim = desk.commit()
    desk.work(lambda: desk.row(claim).state == "stored")
    message = publish.Submission.model_validate_json(desk.row(claim).message or "")
    office.receive(message.model_copy(update={"manifest_sha256": "f" * 64}))
    desk.work(lambda: desk.row(claim).state == "aside")
    assert desk.row(claim).reason == "conflict"
    assert desk.outbox.claim(claim.id) == claim
    assert (desk.bench.folders.packages / claim.id).is_dir()
    assert desk.bench.counters.count("claims_set_aside", "conflict") == 1
    assert "a person must look" in caplog.text


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_message_that_the_office_cannot_read_is_set_aside(desk: Desk, office: FakeOffice, status: int) -> None:
    claim = desk.commit()
    office.faults.append(status)
    desk.work(lambda: desk.row(claim).state == "aside")
    assert desk.row(claim).reason == "message_rejected"


def test_a_byte_changed_in_the_store_is_refused_by_the_office(desk: Desk, office: FakeOffice, tmp_path: Path) -> None:
    claim = desk.commit()
    desk.work(lambda: desk.row(claim).state == "stored")
    picture = next(tmp_path.glob(f"store/packages/*/*/{claim.id}/*/b_at.jpg/*"))
    raw = bytearray(picture.read_bytes())
    raw[100] ^= 1
    picture.write_bytes(raw)
    desk.work(desk.is_done)
    assert (desk.row(claim).outcome, desk.row(claim).reason) == ("refused", "digest_mismatch")
    assert office.cases == {}
    assert desk.outbox.outcomes() == [("refused", "digest_mismatch", 1)]


class FailingStore:
    """A store that does not answer the first times; then it is the real one, but a first put broke off half way."""

    def __init__(self, real: FolderStore, failures: int) -> None:
        self._real, self._failures = real, failures

    def check(self) -> None:
        self._real.check()

    def put(self, key: str, path: Path, sha256: str) -> StoredObject:
        stored = self._real.put(key, path, sha256)
        if path.name == "clip.mp4" and self._failures > 0:
            self._failures -= 1
            raise StoreUnreachableError("clip.mp4: the store went away after it had taken it")
        return stored


def test_a_store_that_breaks_off_gets_everything_again_under_new_keys(
    desk: Desk, office: FakeOffice, tmp_path: Path
) -> None:
    desk.sender = Sender(desk.bench, FailingStore(desk.store, 2), desk.client, desk.clock)
    claim = desk.commit()
    desk.work(desk.is_done)
    attempts = list(tmp_path.glob(f"store/packages/*/*/{claim.id}/*"))
    assert len(attempts) == 3
    assert len({stored.key.split("/")[4] for stored in office.messages[claim.id].objects}) == 1
    assert office.cases == {claim.id: 1}
    assert desk.bench.counters.count("store_failures", "unreachable") == 2


def test_a_store_that_is_not_mounted_makes_claims_wait(desk: Desk, office: FakeOffice, tmp_path: Path) -> None:
    (tmp_path / "store" / "packages").rmdir()
    claim = desk.commit()
    desk.work(lambda: desk.sender.store_door.failures >= 2)
    assert desk.row(claim).state == "packaged"
    desk.store.prepare()
    desk.work(desk.is_done)
    assert office.cases == {claim.id: 1}


def test_a_package_damaged_on_the_workers_disk_is_made_anew(desk: Desk, office: FakeOffice) -> None:
    claim = desk.commit()
    assert desk.packager.step()
    (desk.bench.folders.packages / claim.id / "a_before.jpg").write_bytes(b"rotten")
    desk.work(desk.is_done)
    assert office.cases == {claim.id: 1}
    assert desk.bench.counters.count("packages_damaged") == 1


def test_a_claim_without_packets_is_counted_as_missed(desk: Desk, tmp_path: Path) -> None:
    short = tmp_path / "short.mp4"
    write_video(short, frames=15)
    desk.packets = FilePackets(short, START)
    claim = desk.commit()
    desk.work(desk.is_done)
    assert (desk.row(claim).outcome, desk.row(claim).reason) == ("not_makeable", "packets_gone")
    assert desk.bench.counters.count("packages_refused", "packets_gone") == 1


def test_a_claim_whose_package_kills_the_process_does_not_hold_up_the_others(desk: Desk, office: FakeOffice) -> None:
    deadly, other = desk.commit(other_claim(1)), other_claim(2)
    for _ in range(publish.DEADLY_TRIES):
        row = desk.row(deadly)
        desk.outbox.begin(row, by_us=0)
    desk.commit(other)
    desk.work(lambda: desk.row(other).state == "done")
    assert (desk.row(deadly).state, desk.row(deadly).reason) == ("aside", "package_kills_process")


def test_disk_trouble_is_tried_again(desk: Desk, office: FakeOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "DISK_RETRY_US", 1000)
    claim = desk.commit()
    desk.bench.folders.packages.parent.mkdir(parents=True, exist_ok=True)
    desk.bench.folders.packages.write_bytes(b"a file where the folder should be")
    desk.packager.step()
    assert desk.row(claim).state == "claimed"
    assert desk.bench.counters.count("package_failures", "disk") == 1
    desk.bench.folders.packages.unlink()
    desk.work(desk.is_done)
    assert office.cases == {claim.id: 1}


def test_folders_that_belong_to_no_claim_are_swept(desk: Desk) -> None:
    claim = desk.commit()
    desk.packager.step()
    packages = desk.bench.folders.packages
    for name in ("a" * 26, f"{claim.id}.partial"):
        (packages / name).mkdir()
    sweep(desk.bench)
    assert [path.name for path in packages.iterdir()] == [claim.id]


def test_two_publishers_never_work_on_one_folder(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detector.publisher.LOCK_TIMEOUT_S", 0.1)
    with (
        desk.bench.folders.held("publisher"),
        pytest.raises(AlreadyRunningError, match="held by another process"),
    ):
        Publisher(desk.bench, desk.packager, desk.sender).run()


def test_runs_until_it_is_told_to_stop(desk: Desk, office: FakeOffice) -> None:
    publisher = Publisher(desk.bench, desk.packager, desk.sender)
    thread = threading.Thread(target=publisher.run)
    thread.start()
    claims = [desk.commit(other_claim(number)) for number in range(3)]
    deadline_s = time.monotonic() + 10
    while not desk.is_done() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    publisher.stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert office.cases == {claim.id: 1 for claim in claims}


def test_what_one_half_cannot_bear_ends_the_process(desk: Desk) -> None:
    def burst(_: Claim) -> PacketStore:
        raise RuntimeError("no rule for this")

    desk.commit()
    publisher = Publisher(desk.bench, Packager(desk.bench, burst), desk.sender)
    with pytest.raises(RuntimeError, match="no rule for this"):
        publisher.run()
