"""Evidence is kept while anybody may need it, and deleted with a certificate when nobody may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import S3Error
from sqlalchemy import select

from api.errors import CaseNotFoundError, InputError, ObjectLockedError, StoreUnreachableError
from api.keeper.service import Keeper
from api.keeper.store import FolderKeeper, S3Keeper
from detector.store_s3 import S3Store
from models.domain.cases import CASE_STATES, CaseState
from models.domain.retention import DELETABLE, RetentionError, RetentionRules, read_rules, standing_of
from models.domain.store import StoredObject
from models.tables import EvidenceRow, KeepingRow, LogOpeningRow
from phatnguoi.servers.s3 import S3Server
from tests.api.kit import SmallOffice

DAY = timedelta(days=1)


@dataclass
class LockingStore:
    """Keeps the port's contract in memory: a lock is never shortened, what is locked or held is never deleted."""

    now: object
    locks: dict[str, datetime] = field(default_factory=dict)
    holds: set[str] = field(default_factory=set)
    deleted: list[str] = field(default_factory=list)
    is_down: bool = False

    def lock(self, stored: StoredObject, until: datetime) -> None:
        self._check()
        assert until >= self.locks.get(stored.key, until), "got a shorter lock, expected none"
        self.locks[stored.key] = until

    def hold(self, stored: StoredObject, *, on: bool) -> None:
        self._check()
        (self.holds.add if on else self.holds.discard)(stored.key)

    def delete(self, stored: StoredObject) -> None:
        self._check()
        if stored.key in self.holds or self.locks.get(stored.key, datetime.min.replace(tzinfo=UTC)) > self.now():  # type: ignore[operator]
            raise ObjectLockedError(f"{stored.name}: locked")
        self.deleted.append(stored.key)

    def _check(self) -> None:
        if self.is_down:
            raise StoreUnreachableError("the store is down")


@pytest.fixture
def store(here: SmallOffice) -> LockingStore:
    return LockingStore(here.clock)


def keeper_of(here: SmallOffice, store: LockingStore, rules: RetentionRules | None = None) -> Keeper:
    return Keeper(here.office.database, store, rules or RetentionRules(), here.clock)


def work(keeper: Keeper) -> int:
    steps = 0
    while keeper.step():
        steps += 1
        assert steps < 100
    return steps


def keys_of(here: SmallOffice) -> set[str]:
    with here.office.database.reading() as session:
        return set(session.scalars(select(EvidenceRow.key)).all())


def pass_days(here: SmallOffice, keeper: Keeper, days: int) -> None:
    """In steps of five days, and of one day at the end."""
    for step in [5] * (days // 5 - 1) + [1] * (days - 5 * max(0, days // 5 - 1)):
        here.clock.turn(step * DAY)
        work(keeper)


def test_open_evidence_is_locked_ahead_again_and_again_and_never_deleted(
    here: SmallOffice, store: LockingStore
) -> None:
    here.new_case()
    keeper = keeper_of(here, store)
    work(keeper)
    assert set(store.locks) == keys_of(here) and min(store.locks.values()) == here.clock.now + 30 * DAY
    for _ in range(40):
        here.clock.turn(10 * DAY)
        work(keeper)
        assert min(store.locks.values()) - here.clock.now >= 5 * DAY
    assert store.deleted == []


@pytest.mark.parametrize("state", CASE_STATES)
def test_by_state(state: CaseState, here: SmallOffice, store: LockingStore) -> None:
    """Only what came to its end is ever deleted; and it is."""
    case_id = here.new_case()
    here.set_state(case_id, state)
    keeper = keeper_of(here, store)
    pass_days(here, keeper, 200)
    is_over = standing_of(state, is_held=False) in DELETABLE
    assert (set(store.deleted) == keys_of(here)) == is_over
    assert bool(store.deleted) == is_over


def test_a_rejected_case_is_deleted_after_its_days_and_not_before(here: SmallOffice, store: LockingStore) -> None:
    case_id, reviewer = here.new_case(), here.person("reviewer")
    here.office.reviews.take(reviewer, case_id)
    here.office.reviews.reject(reviewer, case_id, reason="TIMING_MARGIN")
    keeper = keeper_of(here, store)
    pass_days(here, keeper, 29)
    assert store.deleted == []
    pass_days(here, keeper, 3)
    assert set(store.deleted) == keys_of(here)
    assert work(keeper) == 0


def test_what_was_locked_while_open_waits_for_its_lock(here: SmallOffice, store: LockingStore) -> None:
    case_id, reviewer = here.new_case(), here.person("reviewer")
    keeper = keeper_of(here, store, RetentionRules(lock_ahead_days=90))
    work(keeper)
    here.office.reviews.take(reviewer, case_id)
    here.office.reviews.reject(reviewer, case_id, reason="TIMING_MARGIN")
    pass_days(here, keeper, 60)
    assert store.deleted == []
    pass_days(here, keeper, 40)
    assert set(store.deleted) == keys_of(here)


def test_a_certificate_stands_in_the_log_and_names_no_person(here: SmallOffice, store: LockingStore) -> None:
    case_id = here.new_case()
    here.set_state(case_id, "expired")
    pass_days(here, keeper_of(here, store), 95)
    here.sequence()
    with here.office.database.reading() as session:
        openings = [each for each in session.scalars(select(LogOpeningRow.opening)) if '"kind":"deletion"' in each]
    assert len(openings) == 1
    assert f'"objects":{len(keys_of(here))}' in openings[0] and '"why":"closed"' in openings[0]
    assert "evidence_deleted" in [line.what for line in here.office.cases.read(here.person("auditor"), case_id).audit]


def test_a_held_case_is_never_deleted_and_the_hold_reaches_the_store(here: SmallOffice, store: LockingStore) -> None:
    case_id = here.new_case()
    here.set_state(case_id, "withdrawn")
    keeper = keeper_of(here, store)
    keeper.hold(case_id, "Toà án yêu cầu, công văn 12/2026")
    pass_days(here, keeper, 200)
    assert store.deleted == [] and store.holds == keys_of(here)
    keeper.hold(case_id, None)
    work(keeper)
    assert store.holds == set()
    pass_days(here, keeper, 60)
    assert set(store.deleted) == keys_of(here)


def test_a_hold_needs_a_reason_and_a_case(here: SmallOffice, store: LockingStore) -> None:
    case_id, keeper = here.new_case(), keeper_of(here, store)
    with pytest.raises(InputError, match="expected 3 to 500"):
        keeper.hold(case_id, " ")
    with pytest.raises(CaseNotFoundError):
        keeper.hold("0" * 26, "reason")


def test_evidence_of_one_incident_is_kept_while_any_of_its_cases_is_open(
    here: SmallOffice, store: LockingStore
) -> None:
    one = here.new_case()
    two = here.new_case(rule="wrong_way", act_code="WRONG_WAY")
    assert one != two
    here.set_state(one, "rejected")
    keeper = keeper_of(here, store)
    pass_days(here, keeper, 120)
    assert store.deleted == []
    here.set_state(two, "rejected")
    pass_days(here, keeper, 60)
    assert set(store.deleted) == keys_of(here)


def test_a_refused_submissions_objects_go_too(here: SmallOffice, store: LockingStore) -> None:
    package = here.seal(act_code=None)
    here.submit(package)
    here.verify()
    keeper = keeper_of(here, store)
    pass_days(here, keeper, 29)
    assert store.deleted == []
    pass_days(here, keeper, 3)
    assert set(store.deleted) == {stored.key for stored in package.message.objects}


def test_a_submission_that_is_not_decided_yet_is_left_alone(here: SmallOffice, store: LockingStore) -> None:
    here.submit(here.seal())
    assert work(keeper_of(here, store)) == 0


def test_a_store_that_is_down_changes_nothing_and_is_tried_again(here: SmallOffice, store: LockingStore) -> None:
    case_id = here.new_case()
    here.set_state(case_id, "rejected")
    keeper = keeper_of(here, store)
    work(keeper)
    here.clock.turn(40 * DAY)
    store.is_down = True
    assert work(keeper) == 1
    with here.office.database.reading() as session:
        assert session.scalars(select(KeepingRow.deleted_at)).one() is None
    store.is_down = False
    here.clock.turn(timedelta(minutes=11))
    work(keeper)
    assert set(store.deleted) == keys_of(here)


def test_rules_by_kind_of_site(tmp_path: Path) -> None:
    path = tmp_path / "retention.toml"
    path.write_text("[usual]\nrejected = 45\n[by_site.citizen]\nrejected = 30\nclosed = 31\n", encoding="utf-8")
    rules, ended = read_rules(path), datetime(2026, 11, 20, tzinfo=UTC)
    assert rules.delete_at("rejected", "police_device", ended) == ended + 45 * DAY
    assert rules.delete_at("rejected", "citizen", ended) == ended + 30 * DAY
    assert rules.delete_at("held", "citizen", ended) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[usual]\nrejected = 29\n", "usual.rejected: Input should be greater than or equal to 30"),
        ("[usual]\nopen = 30\n", "usual.open: Extra inputs are not permitted"),
        ("[by_site.police]\nrejected = 30\n", "by_site.police"),
        ("[usual\n", "cannot be read"),
    ],
)
def test_a_rule_that_would_delete_too_early_or_makes_no_sense_is_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "retention.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RetentionError) as error:
        read_rules(path)
    assert said in str(error.value)


def test_what_is_not_known_counts_as_open() -> None:
    assert standing_of("some_new_state", is_held=False) == "open"
    assert standing_of("rejected", is_held=True) == "held"


def test_a_folder_deletes_nothing_before_its_thirty_days_and_nothing_held(tmp_path: Path) -> None:
    import os

    stored = StoredObject(name="a.jpg", key="packages/c/d/e/f/a.jpg", version_id="v1", sha256="0" * 64, length_bytes=1)
    path = tmp_path / stored.key / "v1"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    keeper = FolderKeeper(tmp_path)
    keeper.lock(stored, datetime.now(UTC) + DAY)
    with pytest.raises(ObjectLockedError, match="expected an older one"):
        keeper.delete(stored)
    old_s = (datetime.now(UTC) - 31 * DAY).timestamp()
    os.utime(path, (old_s, old_s))
    keeper.hold(stored, on=True)
    with pytest.raises(ObjectLockedError, match="legal hold"):
        keeper.delete(stored)
    keeper.hold(stored, on=False)
    keeper.delete(stored)
    assert not path.exists()
    keeper.delete(stored)
    (tmp_path / "packages").rename(tmp_path / "elsewhere")
    with pytest.raises(StoreUnreachableError, match="is it mounted"):
        keeper.delete(stored)


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[S3Server, Minio]]:
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        server.make_bucket("evidence")
        yield server, server.client()


def uploaded(server: S3Server, folder: Path, name: str) -> StoredObject:
    import hashlib

    path = folder / name
    path.write_bytes(name.encode())
    store = S3Store(server.endpoint, "evidence", server.access_key, server.secret_key, is_tls=False)
    store.check()
    return store.put(f"packages/c/d/e/f/{name}", path, hashlib.sha256(name.encode()).hexdigest())


def test_an_uploaded_object_is_locked_for_thirty_days(bucket: tuple[S3Server, Minio], tmp_path: Path) -> None:
    server, client = bucket
    stored = uploaded(server, tmp_path, "one.jpg")
    lock = client.get_object_retention(bucket_name="evidence", object_name=stored.key, version_id=stored.version_id)
    assert lock is not None and lock.mode == COMPLIANCE
    assert timedelta(days=29) < lock.retain_until_date - datetime.now(UTC) <= timedelta(days=30, minutes=1)
    with pytest.raises(S3Error):
        client.remove_object(bucket_name="evidence", object_name=stored.key, version_id=stored.version_id)
    with pytest.raises(ObjectLockedError):
        S3Keeper(client, "evidence").delete(stored)


def test_the_keeper_locks_longer_and_holds_in_the_bucket(bucket: tuple[S3Server, Minio], tmp_path: Path) -> None:
    server, client = bucket
    stored, keeper = uploaded(server, tmp_path, "two.jpg"), S3Keeper(client, "evidence")
    until = datetime.now(UTC).replace(microsecond=0) + 60 * DAY
    keeper.lock(stored, until)
    keeper.hold(stored, on=True)
    lock = client.get_object_retention(bucket_name="evidence", object_name=stored.key, version_id=stored.version_id)
    assert lock is not None and lock.retain_until_date == until
    assert client.is_object_legal_hold_enabled(
        bucket_name="evidence", object_name=stored.key, version_id=stored.version_id
    )
    keeper.hold(stored, on=False)
    assert not client.is_object_legal_hold_enabled(
        bucket_name="evidence", object_name=stored.key, version_id=stored.version_id
    )


def test_what_is_gone_is_gone_and_no_trouble(bucket: tuple[S3Server, Minio]) -> None:
    gone = StoredObject(
        name="a.jpg", key="packages/c/d/e/f/no.jpg", version_id="0" * 32, sha256="0" * 64, length_bytes=1
    )
    S3Keeper(bucket[1], "evidence").delete(gone)
