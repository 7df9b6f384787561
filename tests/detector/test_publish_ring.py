"""The publisher cuts evidence from the ring that another process writes, or wrote until it was killed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detector import outbox as outbox_module
from detector import publish
from detector.evidence.claim import Claim
from detector.evidence.package import load_package
from detector.folders import WorkerFolders
from detector.outbox import Outbox, wall_us
from detector.publish import Bench, Packager
from detector.publisher import PacketsByCamera
from models.domain.frame import ClockState
from streams.counters import Counters
from streams.file_packets import FilePackets
from streams.packets import PacketWindow
from streams.ring import Ring
from streams.ring_settings import RingSettings
from tests.detector.kit import INTERVAL_US, START, make_claim, write_video


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> PacketWindow:
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    write_video(path)
    return FilePackets(path, START).window(0, 0, 10**9)


class Camera:
    """What a camera's process does to its ring."""

    def __init__(self, folders: WorkerFolders, whole: PacketWindow) -> None:
        self.ring = Ring(RingSettings(folders.ring("hn-ltk-hb"), segment_seconds=0.0), Counters())
        self.ring.begin(whole.facts)
        self._left = list(whole.packets)

    def spool(self, until_us: int) -> None:
        while self._left and self._left[0].pts_us <= until_us:
            packet = self._left.pop(0)
            self.ring.append(packet)
            self.ring.note_frame(packet.pts_us, packet.pts_us // INTERVAL_US)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(outbox_module, "SPOOL_SLACK_US", 0)
    monkeypatch.setattr(publish, "PACKAGE_RETRY_US", 0)
    folders = WorkerFolders(tmp_path / "worker")
    return Bench(folders, Outbox(folders.outbox))


def _live_claim(bench: Bench) -> Claim:
    """Due at once: the test spools by hand."""
    claim = replace(make_claim(), clock=ClockState("arrival", 1_000, settling=False), completed_pts_us=12_000_000)
    bench.outbox.commit(claim)
    return claim


def _state(bench: Bench, claim: Claim) -> str:
    row = bench.outbox.row(claim.id)
    assert row is not None
    return row.state


def test_waits_until_the_packets_after_the_act_are_spooled(bench: Bench, whole: PacketWindow) -> None:
    camera = Camera(bench.folders, whole)
    packager = Packager(bench, PacketsByCamera(bench.folders))
    camera.spool(until_us=9_000_000)
    claim = _live_claim(bench)
    assert packager.step()
    assert _state(bench, claim) == "claimed"
    camera.spool(until_us=12_600_000)
    assert packager.step()
    assert _state(bench, claim) == "packaged"
    clip = load_package(bench.folders.packages / claim.id).manifest.clip
    assert clip is not None
    assert clip.short_because is None
    assert clip.ends_after_act_us >= 5_000_000
    assert clip.first_frame_index == 20


def test_after_a_kill_the_clip_is_shorter_and_says_why(
    bench: Bench, whole: PacketWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = Camera(bench.folders, whole)
    packager = Packager(bench, PacketsByCamera(bench.folders))
    camera.spool(until_us=9_000_000)
    claim = _live_claim(bench)
    packager.step()
    late_us = wall_us() + outbox_module.SPOOL_WAIT_US + 1_000_000
    monkeypatch.setattr(publish, "wall_us", lambda: late_us)
    packager.step()
    clip = load_package(bench.folders.packages / claim.id).manifest.clip
    assert clip is not None
    assert clip.short_because == "worker_stopped"
    assert 0 < clip.ends_after_act_us < 5_000_000


def test_a_connection_that_ended_in_order_is_not_waited_for(bench: Bench, whole: PacketWindow) -> None:
    camera = Camera(bench.folders, whole)
    camera.spool(until_us=9_000_000)
    camera.ring.end()
    claim = _live_claim(bench)
    Packager(bench, PacketsByCamera(bench.folders)).step()
    clip = load_package(bench.folders.packages / claim.id).manifest.clip
    assert clip is not None
    assert clip.short_because == "connection_ended"


def test_a_ring_that_was_lost_is_counted(bench: Bench) -> None:
    claim = _live_claim(bench)
    Packager(bench, PacketsByCamera(bench.folders)).step()
    assert bench.outbox.outcomes() == [("not_makeable", "packets_gone", 1)]
    assert _state(bench, claim) == "done"
