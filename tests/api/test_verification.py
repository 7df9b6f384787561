"""Attacks on the evidence: whatever was not sealed never becomes a case; a store that is down refuses nobody."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from api.cases import intake as intake_module
from api.cases.intake import LEASE, WAITS, Intake
from api.cases.verification import ClaimRefusedError, parse_manifest
from api.store import EvidenceReader
from models.domain.store import StoredObject
from models.tables import AuditRow, CameraRow, CaseRow, EvidenceRow, IncidentRow, ManifestRow, SubmissionRow
from tests.api.kit import CAMERA, Package, SmallOffice, bend, camera_row

OTHER_SHA256 = "e" * 64


def _one_byte_changed(package: Package) -> Package:
    path = package.path("clip.mp4")
    body = bytearray(path.read_bytes())
    body[1000] ^= 1
    path.write_bytes(body)
    return package


def _one_byte_more(package: Package) -> Package:
    with package.path("clip.mp4").open("ab") as file:
        file.write(b"x")
    return package


def _cut_short(package: Package) -> Package:
    package.path("b_at.jpg").write_bytes(b"at")
    return package


def _picture_missing(package: Package) -> Package:
    package.path("b_at.jpg").unlink()
    return package


def _manifest_missing(package: Package) -> Package:
    package.path("manifest.json").unlink()
    return package


def _manifest_not_announced(package: Package) -> Package:
    rest = tuple(each for each in package.message.objects if each.name != "manifest.json")
    return bend(package, objects=rest)


def _file_not_announced(package: Package) -> Package:
    rest = tuple(each for each in package.message.objects if each.name != "clip.mp4")
    return bend(package, objects=rest)


def _digest_of_another_manifest(package: Package) -> Package:
    return bend(package, manifest_sha256=OTHER_SHA256)


def _key_of_another_claim(package: Package) -> Package:
    first, *rest = package.message.objects
    stolen = first.model_copy(update={"key": first.key.replace(package.message.id, "a" * 26)})
    return bend(package, objects=(stolen, *rest))


def _key_out_of_the_store(package: Package) -> Package:
    first, *rest = package.message.objects
    key = f"packages/{CAMERA}/../{package.message.id}/a1/{first.name}"
    return bend(package, objects=(first.model_copy(update={"key": key}), *rest))


def _version_out_of_the_store(package: Package) -> Package:
    first, *rest = package.message.objects
    return bend(package, objects=(first.model_copy(update={"version_id": "../../../../../../etc/passwd"}), *rest))


def _says(**changes: object) -> Callable[[Package], Package]:
    return lambda package: bend(package, **changes)


ATTACKS: list[tuple[str, Callable[[Package], Package], str]] = [
    ("one byte changed in the store", _one_byte_changed, "digest_mismatch"),
    ("one byte more in the store", _one_byte_more, "length_mismatch"),
    ("a picture cut short", _cut_short, "length_mismatch"),
    ("a picture missing", _picture_missing, "object_missing"),
    ("the manifest missing", _manifest_missing, "object_missing"),
    ("the manifest not announced", _manifest_not_announced, "object_missing"),
    ("a sealed file not announced", _file_not_announced, "manifest_mismatch"),
    ("the digest of another manifest", _digest_of_another_manifest, "manifest_mismatch"),
    ("a key of another claim", _key_of_another_claim, "manifest_mismatch"),
    ("a key that leads out of the store", _key_out_of_the_store, "object_missing"),
    ("a version that leads out of the store", _version_out_of_the_store, "object_missing"),
    ("another time than sealed", _says(occurred_at_us=1_795_000_000_000_000), "manifest_mismatch"),
    ("another point than sealed", _says(point_px16=(4001, 3000)), "manifest_mismatch"),
    ("another vehicle's box than sealed", _says(box_px16=(0, 0, 9000, 9000)), "manifest_mismatch"),
    ("another vehicle than sealed", _says(vehicle="car"), "manifest_mismatch"),
    ("another act than sealed", _says(act_code="WRONG_LANE"), "manifest_mismatch"),
    ("another rule than sealed", _says(rule="wrong_way"), "manifest_mismatch"),
    ("another kind of site than sealed", _says(site_kind="citizen"), "manifest_mismatch"),
    ("simulated, announced as real", _says(is_simulated=True), "manifest_mismatch"),
    ("an act that the catalogue lacks", _says(act_code="FLYING"), "no_catalogue_row"),
    ("no act", _says(act_code=None), "no_catalogue_row"),
    ("a camera that nobody registered", _says(camera_id="nowhere"), "camera_unknown"),
]


@pytest.mark.parametrize(("attack", "reason"), [(a, r) for _, a, r in ATTACKS], ids=[name for name, _, _ in ATTACKS])
def test_refuses(here: SmallOffice, attack: Callable[[Package], Package], reason: str) -> None:
    submission_id = here.submit(attack(here.seal()))
    assert here.verify() == 1
    row = here.submission(submission_id)
    assert (row.state, row.reason) == ("refused", reason), row.detail
    assert row.detail
    with here.office.database.reading() as session:
        for table in (CaseRow, EvidenceRow, IncidentRow, ManifestRow):
            assert session.scalars(select(table)).first() is None
        audit = session.scalars(select(AuditRow).where(AuditRow.what == "submission_refused")).one()
    assert audit.details == {"submission": submission_id, "reason": reason}
    assert here.verify() == 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "got no JSON"),
        (b"\xff", "got no JSON"),
        (b"{" * 30_000, "got no JSON"),
        (b"[" * 20 + b"]" * 20, "nested deeper"),
        (b"{}", "Field required"),
        (b'{"id": 1.5}', "whole numbers only"),
        (b'{"id": 1}', "id: "),
        (b'{"id": 1, "id": 1}', "a name twice"),
    ],
)
def test_a_malformed_manifest_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(ClaimRefusedError, match=words) as caught:
        parse_manifest(body)
    assert caught.value.reason == "manifest_malformed"


def test_a_manifest_in_other_than_canonical_bytes_is_refused(here: SmallOffice) -> None:
    body = here.seal().manifest.canonical()
    assert parse_manifest(body)
    with pytest.raises(ClaimRefusedError, match="canonical"):
        parse_manifest(body.replace(b'":', b'": ', 1))


def test_a_manifest_above_its_limit_is_refused_unread(here: SmallOffice) -> None:
    package = here.seal()
    objects = tuple(
        each.model_copy(update={"length_bytes": 65_537}) if each.name == "manifest.json" else each
        for each in package.message.objects
    )
    submission_id = here.submit(bend(package, objects=objects))
    here.verify()
    assert here.submission(submission_id).reason == "manifest_malformed"


def test_a_store_that_is_down_is_tried_again_ever_later_and_refuses_nobody(here: SmallOffice) -> None:
    submission_id = here.submit(here.seal())
    away = here.store.rename(here.store.with_name("away"))
    for number, wait in enumerate((*WAITS, WAITS[-1]), start=1):
        assert here.verify() == 1
        row = here.submission(submission_id)
        assert (row.state, row.attempts, row.leased_by) == ("received", number, None)
        assert row.next_try_at == here.clock.now + wait
        here.clock.turn(wait)
    away.rename(here.store)
    here.verify()
    assert here.submission(submission_id).state == "case"


def test_an_unmounted_disk_is_a_store_that_is_down_not_a_missing_object(here: SmallOffice) -> None:
    submission_id = here.submit(here.seal())
    shutil.rmtree(here.store)
    here.store.mkdir()
    here.verify()
    assert here.submission(submission_id).state == "received"


def test_a_job_that_dies_half_way_is_taken_over_and_makes_one_case(here: SmallOffice) -> None:
    submission_id = here.submit(here.seal())

    class Dies:
        def chunks(self, stored: StoredObject) -> Iterator[bytes]:
            raise KeyboardInterrupt

        def check(self) -> None: ...

    with pytest.raises(KeyboardInterrupt):
        _intake(here, Dies()).step()
    assert here.submission(submission_id).attempts == 1
    assert here.verify() == 0  # still leased
    here.clock.turn(LEASE + timedelta(seconds=1))
    assert here.verify() == 1
    assert here.submission(submission_id).state == "case"


def test_a_job_that_comes_too_late_changes_nothing(here: SmallOffice) -> None:
    """Its lease ended while it read; another made the case meanwhile."""
    submission_id = here.submit(here.seal())

    @dataclass
    class Slow:
        inner: EvidenceReader

        def chunks(self, stored: StoredObject) -> Iterator[bytes]:
            if stored.name == "manifest.json":
                here.clock.turn(LEASE + timedelta(seconds=1))
                assert here.verify() == 1
            yield from self.inner.chunks(stored)

        def check(self) -> None: ...

    _intake(here, Slow(here.office.files.reader)).step()
    with here.office.database.reading() as session:
        assert len(session.scalars(select(CaseRow)).all()) == 1
    assert here.submission(submission_id).state == "case"


def test_a_slow_store_does_not_look_like_a_dead_job(here: SmallOffice) -> None:
    """Each object takes longer than half a lease, all of them longer than several."""
    submission_id = here.submit(here.seal())
    taken_over: list[int] = []

    @dataclass
    class Slow:
        inner: EvidenceReader

        def chunks(self, stored: StoredObject) -> Iterator[bytes]:
            here.clock.turn(LEASE * 0.6)
            taken_over.append(here.verify())
            yield from self.inner.chunks(stored)

        def check(self) -> None: ...

    _intake(here, Slow(here.office.files.reader)).step()
    assert len(taken_over) > 3 and not any(taken_over)
    assert here.submission(submission_id).state == "case"


def test_an_error_in_the_last_transaction_leaves_nothing_half_written(
    here: SmallOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission_id = here.submit(here.seal())

    def stumble(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(intake_module, "record", stumble)
        with pytest.raises(ZeroDivisionError):
            here.verify()
    with here.office.database.reading() as session:
        for table in (CaseRow, EvidenceRow, IncidentRow, ManifestRow):
            assert session.scalars(select(table)).first() is None
    here.clock.turn(LEASE + timedelta(seconds=1))
    here.verify()
    assert here.submission(submission_id).state == "case"


def test_many_jobs_at_once_make_each_case_once(here: SmallOffice) -> None:
    start = here.clock.now - timedelta(hours=1)
    for number in range(20):
        here.submit(here.seal(occurred_at=start + timedelta(seconds=10 * number)))
    threads = [threading.Thread(target=here.verify) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with here.office.database.reading() as session:
        cases = session.scalars(select(CaseRow)).all()
        attempts = session.scalars(select(SubmissionRow.attempts)).all()
    assert len(cases) == len({case.number for case in cases}) == 20
    assert list(attempts) == [1] * 20


ACT = datetime(2026, 11, 20, 1, 59, tzinfo=UTC)
JOINS = [
    ("0.9 s later, half a length on", 0.9, 400, "red_light", True),
    ("0.9 s earlier", -0.9, 0, "red_light", True),
    ("exactly 1 s and one length", 1.0, 900, "red_light", True),
    ("1.1 s later", 1.1, 0, "red_light", False),
    ("more than one length away", 0.0, 901, "red_light", False),
    ("another rule: a second case of one incident", 0.5, 100, "wrong_way", False),
]


@pytest.mark.parametrize(("name", "later_s", "away_px16", "rule", "joins"), JOINS)
def test_a_second_claim_of_one_vehicle_in_one_act_joins_the_first(
    here: SmallOffice, name: str, later_s: float, away_px16: int, rule: str, joins: bool
) -> None:
    first = here.new_case(occurred_at=ACT)
    later = ACT + timedelta(seconds=later_s)
    code = {"red_light": "RED_LIGHT", "wrong_way": "WRONG_WAY"}[rule]
    second = here.new_case(occurred_at=later, point_px16=(4000 + away_px16, 3000), rule=rule, act_code=code)
    assert (second == first) is joins
    file = here.office.cases.read(here.person("reviewer"), first)
    if joins:
        assert [other.has_joined for other in file.others] == [True]
        assert "claim_joined" in [line.what for line in file.audit]
        joined = file.others[0].submission_id
        shown = here.office.cases.evidence(here.person("reviewer"), first, "b_at.jpg", submission_id=joined)
        assert shown.path.read_bytes() == b"b_at.jpg" + joined.encode()
    elif rule == "wrong_way":
        assert [(other.case_id, other.has_joined) for other in file.others] == [(second, False)]
    else:
        assert file.others == ()


def test_a_case_says_what_was_sealed_and_when_it_runs_out(here: SmallOffice) -> None:
    case_id = here.new_case(occurred_at=datetime(2026, 11, 19, 17, 30, tzinfo=UTC))  # 00:30 on the 20th in Huế
    with here.office.database.reading() as session:
        case = session.get_one(CaseRow, case_id)
    assert (case.number, case.act_code, case.mode, case.is_simulated) == ("2026-000001", "RED_LIGHT", "live", False)
    assert (str(case.offence_day), str(case.notice_due_on)) == ("2026-11-20", "2026-11-30")
    assert case.expires_at == datetime(2027, 11, 19, 17, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("office_mode", "worker_mode", "mode"),
    [("live", "live", "live"), ("live", "warning", "warning"), ("warning", "live", "warning")],
)
def test_warning_mode_of_either_side_wins(here: SmallOffice, office_mode: str, worker_mode: str, mode: str) -> None:
    with here.office.database.writing() as session:
        session.get_one(CameraRow, CAMERA).mode = office_mode
    case_id = here.new_case(mode=worker_mode)
    with here.office.database.reading() as session:
        assert session.get_one(CaseRow, case_id).mode == mode


def test_a_simulated_camera_makes_simulated_cases_whatever_the_worker_says(here: SmallOffice) -> None:
    with here.office.database.writing() as session:
        session.add(camera_row(here.clock.now, id="sim-1", is_simulated=True))
    case_id = here.new_case(camera_id="sim-1", is_simulated=False)
    with here.office.database.reading() as session:
        assert session.get_one(CaseRow, case_id).is_simulated


def test_the_day_of_the_offence_decides_which_row_is_in_force(here: SmallOffice) -> None:
    before = datetime(2024, 12, 31, 16, 59, tzinfo=UTC)
    submission_id = here.submit(here.seal(occurred_at=before))
    here.verify()
    assert here.submission(submission_id).reason == "no_catalogue_row"
    after = here.submit(here.seal(occurred_at=before + timedelta(minutes=1)))
    here.verify()
    assert here.submission(after).state == "case"


def _intake(here: SmallOffice, reader: EvidenceReader) -> Intake:
    return Intake(here.office.database, reader, here.office.settings, here.clock)


def test_a_mark_of_the_wrong_manifest_is_caught_even_when_its_bytes_are_sound(here: SmallOffice) -> None:
    """An honest, whole package of another claim, announced under this one's name."""
    mine, other = here.seal(), here.seal(point_px16=(9000, 3000))
    body = other.path("manifest.json").read_bytes()
    stored = next(each for each in mine.message.objects if each.name == "manifest.json")
    digest = hashlib.sha256(body).hexdigest()
    forged = stored.model_copy(update={"sha256": digest, "version_id": digest[:32], "length_bytes": len(body)})
    (here.store / forged.key / forged.version_id).write_bytes(body)
    objects = tuple(forged if each.name == "manifest.json" else each for each in mine.message.objects)
    submission_id = here.submit(bend(mine, objects=objects, manifest_sha256=digest))
    here.verify()
    row = here.submission(submission_id)
    assert (row.reason, row.detail) == (
        "manifest_mismatch",
        f"id: got {other.message.id} in the manifest, expected {mine.message.id}",
    )
