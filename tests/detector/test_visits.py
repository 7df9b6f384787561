"""Visits are never two vehicles in one, nothing is lost, and no time is called covered whose visits are not told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest

from detector.coverage import LONGEST_SILENCE_US, NOTICED_LATE_US, CoverageLedger
from detector.errors import (
    OfficeRefusedWorkerError,
    OfficeUnreachableError,
    OutboxUnusableError,
    VisitReportRefusedError,
)
from detector.station import Batch, StationWatch
from detector.store import FolderStore
from detector.track_plates import TrackCrops
from detector.vision.plates.voting import TrackPlate, unread
from detector.visit_evidence import VisitEvidence
from detector.visit_outbox import VisitOutbox
from detector.visit_sender import VisitSender
from models.domain.camera import Camera, Zone
from models.domain.frame import FILE_CLOCK, Frame
from models.domain.geometry import BoxPx, PointPx
from models.domain.scene import Scene, Track, VehicleClass
from models.domain.visits import CoverageSpan, VisitReceipt, VisitReport
from streams.counters import Counters
from streams.file_packets import FilePackets
from streams.ring_reader import RingReader
from tests.detector.kit import write_video

START = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
START_US = int(START.timestamp()) * 1_000_000
S = 1_000_000
HZ = 5
IMAGE = np.zeros((480, 640, 3), dtype=np.uint8)


def square(x1: float, x2: float) -> tuple[PointPx, ...]:
    return PointPx(x1, 100), PointPx(x2, 100), PointPx(x2, 400), PointPx(x1, 400)


CAMERA = Camera.model_validate(
    {
        "schema": 1, "id": "gate-1", "name": "gate", "source": "sim://station", "frame": {"width": 640, "height": 480},
        "zones": (
            Zone(id="out", polygon_px=square(0, 300), kind="gate_out"),
            Zone(id="street", polygon_px=square(300, 640), kind="passing"),
        ),
    }
)  # fmt: skip


class Clip:
    """Frames at 5 Hz: who is where from second to second; plates as a reader would give them, by track."""

    def __init__(self, plates: Mapping[int, str | None] | None = None) -> None:
        self.plates = plates or {}
        self.asked: list[int] = []
        self.watch = StationWatch(CAMERA, self.read)
        self.index = 0
        self.present: set[int] = set()

    def read(self, crops: TrackCrops) -> TrackPlate:
        self.asked.append(crops.track_id)
        plate = self.plates.get(crops.track_id)
        if plate is None:
            return unread("blurred", crops.seen)
        return TrackPlate((plate[:3], plate[3:]), (0.97,) * len(plate), None, 5, 5)

    def show(
        self, seconds: float, *tracks: tuple[int, float], vehicle: VehicleClass = "bus", reasons: Sequence[str] = ()
    ) -> None:
        """Tracks with the x of their middle stand there for so long; those of before that are not named end."""
        ended = tuple(sorted(self.present - {track_id for track_id, _ in tracks}))
        self.present = {track_id for track_id, _ in tracks}
        for k in range(round(seconds * HZ)):
            made = tuple(Track(number, vehicle, BoxPx(x - 75, 200, x + 75, 350), 0.9) for number, x in tracks)
            pts_us = self.index * S // HZ
            scene = Scene(self.index, pts_us, S // HZ, made, ended=ended if k == 0 else ())
            frame = Frame(self.index, pts_us, START + timedelta(microseconds=pts_us), IMAGE, FILE_CLOCK)
            self.watch.observe(frame, scene, tuple(reasons))
            self.index += 1

    def told(self) -> Batch:
        self.watch.finish()
        (batch,) = self.watch.take(is_over=True)
        return batch


def test_a_visit_has_its_plate_zone_and_times() -> None:
    clip = Clip({1: "75B12345"})
    clip.show(2)
    clip.show(6, (1, 150))
    clip.show(5)
    (visit,) = clip.told().visits
    assert (visit.zone, visit.kind, visit.vehicle, visit.plate) == ("out", "gate_out", "bus", "75B12345")
    assert (visit.entered_at_us - START_US, visit.left_at_us - START_US) == (2 * S, 2 * S + 6 * S - S // HZ)
    assert visit.confidence_permille == 970


@pytest.mark.parametrize(
    ("plates", "gap_s", "where", "expected"),
    [
        pytest.param({1: "75B12345", 2: "75B12345"}, 10, 60, ["75B12345"], id="the same plate again: one visit"),
        pytest.param({1: "75B12345", 2: "75B12345"}, 40, 150, ["75B12345"] * 2, id="… after the gap: two"),
        pytest.param({1: "75B12345", 2: "75B12346"}, 1, 150, ["75B12345", "75B12346"], id="two plates: never one"),
        pytest.param({1: "75B12345", 2: None}, 2, 150, ["75B12345"], id="lost, found unread at the same place: one"),
        pytest.param({1: None, 2: "75B12345"}, 2, 150, ["75B12345"], id="… read only afterwards: one"),
        pytest.param({1: "75B12345", 2: None}, 2, 280, ["75B12345", None], id="… at another place: two"),
        pytest.param({1: "75B12345", 2: None}, 9, 150, ["75B12345", None], id="… too late: two"),
        pytest.param({1: None, 2: None}, 12, 150, [None, None], id="unread vehicles are told, not dropped"),
    ],
)
def test_re_appearance(plates: dict[int, str | None], gap_s: float, where: float, expected: list[str | None]) -> None:
    clip = Clip(plates)
    clip.show(4, (1, 150))
    clip.show(gap_s)
    clip.show(4, (2, where))
    visits = clip.told().visits
    assert [visit.plate for visit in visits] == expected
    assert all(visit.unread_because == (None if visit.plate else "blurred") for visit in visits)


def test_a_track_that_was_in_two_zones_gives_no_plate_to_either() -> None:
    """It may have taken over another vehicle."""
    lane = Zone(id="lane", polygon_px=square(300, 640), kind="inspection_lane")
    clip = Clip({1: "75B12345"})
    clip.watch = StationWatch(CAMERA.model_copy(update={"zones": (CAMERA.zones[0], lane)}), clip.read)
    clip.show(5, (1, 450))
    clip.show(5, (1, 150))
    assert [(visit.zone, visit.plate, visit.unread_because) for visit in clip.told().visits] == [
        ("lane", None, "two_zones"), ("out", None, "two_zones"),
    ]  # fmt: skip


def test_two_boxes_on_the_same_ground_are_one_vehicle() -> None:
    clip = Clip({1: "75B12345", 2: None})
    clip.show(3, (1, 150))
    clip.show(3, (1, 150), (2, 170))
    clip.show(3, (1, 150))
    assert [visit.plate for visit in clip.told().visits] == ["75B12345"]


def test_two_vehicles_at_once_are_two_visits() -> None:
    clip = Clip({1: "75B12345", 2: None})
    clip.show(6, (1, 80), (2, 220))
    assert [visit.plate for visit in clip.told().visits] == ["75B12345", None]


def test_who_only_passes_is_counted_and_no_plate_is_ever_read() -> None:
    clip = Clip({1: "75B12345", 2: "75A11111"})
    clip.show(3, (1, 450), vehicle="bus")
    clip.show(3, (2, 150), vehicle="motorcycle")
    batch = clip.told()
    assert batch.visits == ()
    assert [(one.zone, one.vehicle, one.count) for one in batch.passing] == [
        ("out", "motorcycle", 1), ("street", "bus", 1),
    ]  # fmt: skip
    assert clip.asked == []


def test_what_may_be_a_coach_is_told_as_a_truck_of_which_no_rule_claims_anything() -> None:
    clip = Clip({1: "75B12345"})
    clip.show(2, (1, 150), vehicle="bus")
    clip.show(5, (1, 150), vehicle="car")
    (visit,) = clip.told().visits
    assert (visit.vehicle, visit.plate) == ("truck", "75B12345")


def test_no_time_is_covered_in_which_somebody_came_who_is_not_told_yet() -> None:
    clip = Clip({1: "75B12345", 2: "75B22222"})
    clip.show(30)
    clip.show(3, (1, 80))
    clip.show(60, (2, 220))
    told = [span for batch in clip.watch.take() for span in batch.coverage]
    assert [(span.state, span.since_us, span.until_us) for span in told] == [("up", START_US, START_US + 30 * S)]
    clip.show(60)
    (later,) = clip.watch.take()
    assert [visit.plate for visit in later.visits] == ["75B12345", "75B22222"]
    assert later.coverage[0].since_us == START_US + 30 * S


def test_every_visit_is_in_the_report_that_covers_its_beginning() -> None:
    clip = Clip({number: f"75B1234{number}" for number in range(10)})
    batches: list[Batch] = []
    for number in range(10):
        clip.show(5, (number, 150))
        clip.show(12)
        batches += clip.watch.take()
    clip.watch.finish()
    batches += clip.watch.take(is_over=True)
    assert sum(len(batch.visits) for batch in batches) == 10
    assert len(batches) > 5
    for batch in batches:
        up = [span for span in batch.coverage if span.state == "up"]
        for visit in batch.visits:
            assert any(span.since_us <= visit.entered_at_us <= span.until_us for span in up)


def spans(ledger: CoverageLedger, until_us: int) -> list[tuple[str, int, int]]:
    return sorted((one.state, one.since_us // S, one.until_us // S) for one in ledger.take(until_us))


def test_silence_is_a_gap() -> None:
    ledger = CoverageLedger()
    for at_s in (*range(100, 111), *range(140, 151)):
        ledger.observe(at_s * S, ())
    assert spans(ledger, 150 * S) == [("down", 110, 140), ("up", 100, 110), ("up", 140, 150)]
    assert LONGEST_SILENCE_US < 30 * S


@pytest.mark.parametrize(
    ("reason", "state"),
    [("camera_dark", "dark"), ("camera_covered", "covered"), ("camera_defocused", "covered"),
     ("camera_moved", "moved"), ("camera_frozen", "down"), ("clock_off", "clock_off"), ("something_new", "covered")],
)  # fmt: skip
def test_an_ailment_is_told_from_before_it_was_noticed(reason: str, state: str) -> None:
    ledger = CoverageLedger()
    for at_s in range(100, 200):
        ledger.observe(at_s * S, (reason,) if 150 <= at_s < 160 else ())
    assert (state, 150 - NOTICED_LATE_US // S, 160) in spans(ledger, 199 * S)


def test_an_ailment_that_lasts_is_told_again_and_leaves_no_hole() -> None:
    ledger = CoverageLedger()
    for at_s in range(100, 131):
        ledger.observe(at_s * S, ("camera_dark",))
    first = spans(ledger, 120 * S)
    for at_s in range(131, 141):
        ledger.observe(at_s * S, ("camera_dark",))
    assert first == [("dark", 85, 130), ("up", 100, 120)]
    assert spans(ledger, 140 * S) == [("dark", 130, 140), ("up", 120, 140)]


def test_a_clock_that_is_set_back_breaks_nothing() -> None:
    clip = Clip({1: "75B12345"})
    clip.show(5, (1, 150), reasons=("camera_dark",))
    clip.index -= 4 * HZ
    clip.show(5, (1, 150), reasons=("camera_dark",))
    batch = clip.told()
    assert [visit.plate for visit in batch.visits] == ["75B12345"]
    assert all(span.since_us <= span.until_us for span in batch.coverage)


def test_a_busy_reader_is_told_as_coverage() -> None:
    clip = Clip()
    clip.watch = StationWatch(CAMERA, lambda crops: unread("busy", crops.seen))
    clip.show(5, (1, 150))
    batch = clip.told()
    assert [visit.unread_because for visit in batch.visits] == ["busy"]
    assert ("reader_busy", START_US) in [(span.state, span.since_us) for span in batch.coverage]


def batch_of(number: int) -> Batch:
    return Batch((), (), (CoverageSpan(state="up", since_us=number * S, until_us=(number + 1) * S),), (number + 1) * S)


def test_reports_are_numbered_on_over_restarts_and_sent_in_order(tmp_path: Path) -> None:
    VisitOutbox(tmp_path / "visits.db").commit("gate-1", [batch_of(0), batch_of(1)])
    outbox = VisitOutbox(tmp_path / "visits.db")
    outbox.commit("gate-1", [batch_of(2)])
    office = Office()
    while VisitSender(outbox, office, Counters()).step():
        pass
    assert [report.sequence for report in office.reports] == [0, 1, 2]
    assert len({report.id for report in office.reports}) == 3
    assert outbox.depths() == {"waiting": 0, "aside": 0}


def test_a_commit_that_fails_leaves_nothing(tmp_path: Path) -> None:
    outbox = VisitOutbox(tmp_path / "visits.db")
    too_long = Batch((), (), batch_of(0).coverage * 300, S)
    with pytest.raises(ValueError, match="200"):
        outbox.commit("gate-1", [batch_of(0), too_long])
    assert outbox.depths() == {"waiting": 0, "aside": 0}
    outbox.commit("gate-1", [batch_of(0)])
    waiting = outbox.oldest()
    assert waiting is not None
    assert VisitReport.model_validate_json(waiting.message).sequence == 0


def test_a_file_that_is_no_outbox_is_refused(tmp_path: Path) -> None:
    (tmp_path / "visits.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(OutboxUnusableError, match=r"visits\.db"):
        VisitOutbox(tmp_path / "visits.db")


class Office:
    """Takes reports; or raises what it is told to, before or after it has taken one."""

    def __init__(self, *failures: Exception, is_deaf: bool = False) -> None:
        self.reports: list[VisitReport] = []
        self._failures, self._is_deaf = list(failures), is_deaf

    def hand_in_visits(self, report_id: str, message: str) -> VisitReceipt:
        report = VisitReport.model_validate_json(message)
        if self._failures and self._is_deaf:
            raise self._failures.pop(0)
        self.reports.append(report)
        if self._failures:
            raise self._failures.pop(0)
        return VisitReceipt(report_id=report_id, kept=0, counted=0)


@pytest.mark.parametrize("error", [OfficeUnreachableError("no answer"), OfficeRefusedWorkerError("401")])
def test_a_report_waits_until_the_office_has_it(tmp_path: Path, error: Exception) -> None:
    outbox, now_s = VisitOutbox(tmp_path / "visits.db"), [0.0]
    outbox.commit("gate-1", [batch_of(0)])
    office = Office(error)
    sender = VisitSender(outbox, office, Counters(), monotonic=lambda: now_s[0])
    assert sender.step()
    assert not sender.step()
    now_s[0] = 1_000.0
    assert sender.step()
    first, again = office.reports
    assert first == again
    assert outbox.oldest() is None


def test_a_report_that_is_refused_is_set_aside_and_holds_up_nobody(tmp_path: Path) -> None:
    outbox, counters = VisitOutbox(tmp_path / "visits.db"), Counters()
    outbox.commit("gate-1", [batch_of(0), batch_of(1)])
    office = Office(VisitReportRefusedError("got 409, expected 202"), is_deaf=True)
    sender = VisitSender(outbox, office, counters)
    while sender.step():
        pass
    assert [report.sequence for report in office.reports] == [1]
    assert outbox.depths() == {"waiting": 0, "aside": 1}


def recorded(tmp_path: Path) -> tuple[VisitOutbox, FolderStore, VisitEvidence]:
    """A coach's visit in an outbox, and the recording that shows it."""
    write_video(tmp_path / "gate.mp4", frames=150)
    store = FolderStore(tmp_path / "store")
    store.prepare()
    packets = FilePackets(tmp_path / "gate.mp4", START)
    clip = Clip({1: "75B12345", 2: "75B22222"})
    clip.show(3)
    clip.show(6, (1, 150))
    clip.show(3, (2, 150), vehicle="truck")
    clip.watch.finish()
    outbox = VisitOutbox(tmp_path / "visits.db")
    outbox.commit("gate-1", clip.watch.take(is_over=True))
    return outbox, store, VisitEvidence(store, lambda camera_id: packets, tmp_path / "work")


def test_a_visit_that_may_be_shown_has_its_pictures_in_the_store(tmp_path: Path) -> None:
    outbox, _, evidence = recorded(tmp_path)
    office = Office(OfficeUnreachableError("no answer"))
    now_s = [0.0]
    sender = VisitSender(outbox, office, Counters(), evidence, monotonic=lambda: now_s[0])
    sender.step()
    now_s[0] = 1_000.0
    sender.step()
    first, again = office.reports
    assert first == again
    coach, truck = first.visits
    assert [stored.name for stored in coach.objects] == ["clip.mp4", "entered.jpg", "left.jpg"]
    assert truck.objects == ()
    for stored in coach.objects:
        kept = tmp_path / "store" / stored.key / stored.version_id
        assert hashlib.sha256(kept.read_bytes()).hexdigest() == stored.sha256
        assert f"/gate-1/2026-11-02/{coach.id}/" in stored.key
    with av.open(str(tmp_path / "store" / coach.objects[0].key / coach.objects[0].version_id)) as video:
        assert 6 <= (video.duration or 0) / av.time_base <= 12


def test_a_store_that_is_down_holds_the_report_back_whole(tmp_path: Path) -> None:
    outbox, _, evidence = recorded(tmp_path)
    (tmp_path / "store" / "packages").rename(tmp_path / "gone")
    office, counters = Office(), Counters()
    assert not VisitSender(outbox, office, counters, evidence).step()
    assert office.reports == []
    (tmp_path / "gone").rename(tmp_path / "store" / "packages")
    assert VisitSender(outbox, office, counters, evidence).step()
    assert len(office.reports[0].visits[0].objects) == 3


def test_packets_that_are_gone_cost_the_pictures_never_the_visit(tmp_path: Path) -> None:
    outbox = VisitOutbox(tmp_path / "visits.db")
    clip = Clip({1: "75B12345"})
    clip.show(6, (1, 150))
    outbox.commit("gate-1", [clip.told()])
    (tmp_path / "ring").mkdir()
    evidence = VisitEvidence(FolderStore(tmp_path), lambda camera_id: RingReader(tmp_path / "ring"), tmp_path / "work")
    office = Office()
    assert VisitSender(outbox, office, Counters(), evidence).step()
    (visit,) = office.reports[0].visits
    assert (visit.plate, visit.objects) == ("75B12345", ())
