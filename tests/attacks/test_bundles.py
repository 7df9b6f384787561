"""Attacks on the one file that a citizen holds. Each gives one exact error; the honest one passes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.actor import OFFICE
from api.errors import BundleNotReadyError
from api.log.signing_keys import revoke_key
from models.verify.errors import VerificationError
from models.verify.keys import new_key
from models.verify.notes import COSIGNATURE, NoteKey, parse_note
from models.verify.trust import Trust
from tests.api.kit import LOG_SIGNER, START, WORKER_SIGNER
from tests.attacks.kit import Agency, Unpacked, flipped


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    made = Agency(tmp_path_factory.mktemp("agency"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def honest(agency: Agency) -> Unpacked:
    return agency.bundle(agency.noticed_case())


@pytest.fixture(scope="module")
def other(agency: Agency) -> Unpacked:
    """Another case of the same agency, as honest."""
    pictures = {"b_at.jpg": b"another act", "citizen.jpg": b"other pixels", "clip.mp4": b"n" * 3000}
    return agency.bundle(
        agency.noticed_case(point_px16=(9000, 3000), occurred_at=START - timedelta(minutes=2), pictures=pictures)
    )


def _code(bundle: Unpacked, path: Path, trust: Trust | None, fingerprint: str | None = None) -> str:
    with pytest.raises(VerificationError) as caught:
        bundle.verify(path / "bundle.zip", trust, fingerprint)
    return caught.value.code


def test_the_honest_bundle_is_verified(honest: Unpacked, agency: Agency, tmp_path: Path) -> None:
    verified = honest.verify(tmp_path / "b.zip", agency.trust)
    assert verified.sealed_by_s == int(START.timestamp())
    assert verified.notice_number is not None and not verified.withdrawn
    assert honest.verify(tmp_path / "b.zip", None, agency.trust.fingerprint) == verified


@pytest.mark.parametrize("place", [0.0, 0.5, 0.999])
def test_one_bit_in_any_file_is_seen(honest: Unpacked, agency: Agency, tmp_path: Path, place: float) -> None:
    for name, body in honest.files.items():
        bent = Unpacked({**honest.files, name: flipped(body, int(len(body) * place))})
        found = _code(bent, tmp_path, agency.trust)
        assert found in ({"malformed", "signature_invalid"} if name == "bundle.json" else {"digest_mismatch"}), name


def test_every_bit_of_the_envelopes_counts(honest: Unpacked, agency: Agency, tmp_path: Path) -> None:
    """Base64 can be spelt in several ways: here it cannot."""
    body = honest.files["bundle.json"]
    for at in range(len(body) - 400, len(body)):
        bent = Unpacked({**honest.files, "bundle.json": flipped(body, at)})
        assert _code(bent, tmp_path, agency.trust) in {"malformed", "signature_invalid", "unknown_issuer"}


def _swap(name: str) -> Callable[[Unpacked, Unpacked], Unpacked]:
    return lambda one, two: Unpacked({**one.files, name: two.files[name]})


@pytest.mark.parametrize("name", ["manifest.json", "manifest_dsse.json", "derived.json", "redacted_at.jpg"])
def test_files_swapped_between_bundles(
    honest: Unpacked, other: Unpacked, agency: Agency, tmp_path: Path, name: str
) -> None:
    assert _code(_swap(name)(honest, other), tmp_path, agency.trust) == "digest_mismatch"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("manifest.json", "entry_mismatch"),
        ("manifest_dsse.json", "entry_mismatch"),
        ("derived.json", "entry_mismatch"),
        ("derived_dsse.json", "entry_mismatch"),
        ("redacted_at.jpg", "digest_mismatch"),
    ],
)
def test_files_swapped_and_the_list_signed_again_by_a_dishonest_office(
    honest: Unpacked, other: Unpacked, agency: Agency, tmp_path: Path, name: str, code: str
) -> None:
    bent = _swap(name)(honest, other).signed_again(LOG_SIGNER)
    assert _code(bent, tmp_path, agency.trust) == code


def test_a_truncated_clip(honest: Unpacked, agency: Agency, tmp_path: Path) -> None:
    clip = honest.files["redacted_clip.mp4"]
    short = Unpacked({**honest.files, "redacted_clip.mp4": clip[: len(clip) // 2]})
    assert _code(short, tmp_path, agency.trust) == "digest_mismatch"
    assert _code(short.signed_again(LOG_SIGNER), tmp_path, agency.trust) == "digest_mismatch"


def test_a_file_left_out_and_a_file_slipped_in(honest: Unpacked, agency: Agency, tmp_path: Path) -> None:
    assert _code(honest.without("redacted_at.jpg"), tmp_path, agency.trust) == "malformed"
    more = Unpacked({**honest.files, "b_at2.jpg": b"not mine"})
    assert _code(more, tmp_path, agency.trust) == "malformed"
    assert _code(more.signed_again(LOG_SIGNER), tmp_path, agency.trust) == "malformed"


def test_a_manifest_re_signed_by_another_key(honest: Unpacked, agency: Agency, tmp_path: Path) -> None:
    from models.verify.envelope import MANIFEST_TYPE, sign_envelope

    envelope = sign_envelope(new_key(), honest.files["manifest.json"], MANIFEST_TYPE)
    bent = Unpacked({**honest.files, "manifest_dsse.json": envelope}).signed_again(LOG_SIGNER)
    assert _code(bent, tmp_path, agency.trust) == "signature_invalid"


def test_a_whole_bundle_forged_with_its_own_key_log_and_checkpoint(agency: Agency, tmp_path: Path) -> None:
    """Everything in it is right but for whose it is: unknown issuer, exit 2, and never verified."""
    forger = Agency(tmp_path, log_key=new_key())
    try:
        forged = forger.bundle(forger.noticed_case())
        assert forged.verify(tmp_path / "b.zip", forger.trust).notice_number  # by its own keys it is perfect
        for trust, fingerprint in (
            (agency.trust, None),
            (None, agency.trust.fingerprint),
            (None, None),
            (Trust(), None),
        ):
            with pytest.raises(VerificationError) as caught:
                forged.verify(tmp_path / "b.zip", trust, fingerprint)
            assert (caught.value.code, caught.value.exit_code) == ("unknown_issuer", 2)
    finally:
        forger.close()


def _contents(change: Callable[[dict[str, Any]], None]) -> Callable[[Unpacked], Unpacked]:
    return lambda bundle: bundle.signed_again(LOG_SIGNER, change)


def _entry(contents: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(each for each in contents["entries"] if json.loads(each["leaf"])["kind"] == kind)


def _of(kind: str, change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    return lambda contents: change(_entry(contents, kind))


def _remove(kind: str) -> Callable[[dict[str, Any]], None]:
    return lambda contents: contents["entries"].remove(_entry(contents, kind))


def _reorder(contents: dict[str, Any]) -> None:
    one, two = _entry(contents, "review"), _entry(contents, "notice")
    one["index"], two["index"] = two["index"], one["index"]


def _fact(kind: str, name: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(contents: dict[str, Any]) -> None:
        entry = _entry(contents, kind)
        opening = json.loads(entry["opening"])
        opening["facts"][name] = value
        entry["opening"] = json.dumps(opening, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    return change


def _own_root(contents: dict[str, Any]) -> None:
    """A checkpoint of another history, signed by the very same log: two clients are shown two logs."""
    from models.verify.notes import Checkpoint, sign_checkpoint

    contents["checkpoints"] = [sign_checkpoint(Checkpoint("phatnguoi", 99, b"x" * 32), LOG_SIGNER)]
    contents["consistency"] = []
    for entry in contents["entries"]:
        entry["checkpoint"] = 0


def _other_time(entry: dict[str, Any]) -> None:
    entry["leaf"] = entry["leaf"].replace('"at_us":1', '"at_us":2')


def _rolled_back(contents: dict[str, Any]) -> None:
    contents["checkpoints"] = contents["checkpoints"][:1]
    contents["consistency"] = []
    for entry in contents["entries"]:
        entry["checkpoint"] = 0


DISHONEST: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("a log entry removed: the manifest's", _remove("manifest"), "entry_mismatch"),
    ("a log entry removed: its key's", _remove("key"), "entry_mismatch"),
    ("a log entry removed: the redaction's", _remove("derived"), "entry_mismatch"),
    ("a log entry removed: the review's", _remove("review"), "entry_mismatch"),
    ("a log entry removed: the notice's", _remove("notice"), "entry_mismatch"),
    ("log entries reordered", _reorder, "not_in_log"),
    (
        "a log entry forked",
        _of("notice", lambda e: e.update(leaf=e["leaf"].replace('"at_us":1', '"at_us":2'))),
        "not_in_log",
    ),
    ("a proof with one hash less", _of("manifest", lambda e: e["proof"].pop()), "not_in_log"),
    ("a proof of another entry", _of("manifest", lambda e: e.update(index=e["index"] + 1)), "not_in_log"),
    ("another fact in the opening", _fact("review", "decision", "reject"), "entry_mismatch"),
    ("another manifest in the opening", _fact("manifest", "manifest_sha256", "0" * 64), "entry_mismatch"),
    ("a key revoked, told as enrolled", _fact("key", "change", "revoke"), "entry_mismatch"),
    ("another number on the notice", lambda c: c.update(notice_number="2026-999999/TB"), "entry_mismatch"),
    ("another case", lambda c: c.update(case_id="0" * 26), "entry_mismatch"),
    ("two checkpoints that are not of one log", lambda c: c.update(consistency=[["0" * 64]]), "log_forked"),
    ("no proof between checkpoints", lambda c: c.update(consistency=[]), "malformed"),
    ("two clients shown two logs", _own_root, "not_in_log"),
    ("a checkpoint rolled back", _rolled_back, "not_in_log"),
    ("a field that is not known", lambda c: c.update(note="trust me"), "malformed"),
]


@pytest.mark.parametrize(
    ("change", "code"), [(c, code) for _, c, code in DISHONEST], ids=[name for name, _, _ in DISHONEST]
)
def test_the_log_itself_lies(
    honest: Unpacked, agency: Agency, tmp_path: Path, change: Callable[[dict[str, Any]], None], code: str
) -> None:
    """The list of contents is signed by the trusted log's own key: the proofs stand alone."""
    assert _code(_contents(change)(honest), tmp_path, agency.trust) == code


def test_without_the_countersignature_nothing_is_concluded(honest: Unpacked, agency: Agency, tmp_path: Path) -> None:
    def strip(contents: dict[str, Any]) -> None:
        notes = [parse_note("checkpoint", whole) for whole in contents["checkpoints"]]
        contents["checkpoints"] = [type(note)(note.text, note.lines[:1]).whole for note in notes]

    stripped = honest.signed_again(LOG_SIGNER, strip)
    assert _code(stripped, tmp_path, agency.trust) == "not_witnessed"
    without = Trust(agency.trust.logs)
    assert stripped.verify(tmp_path / "b.zip", without).sealed_by_s is None


def test_a_countersignature_by_another_key(honest: Unpacked, agency: Agency, tmp_path: Path) -> None:
    stranger = NoteKey("witness.example", COSIGNATURE, new_key().public)
    trust = Trust(agency.trust.logs, (stranger,))
    assert _code(honest, tmp_path, trust) == "not_witnessed"


def test_a_clock_set_back_at_the_witness_or_forward_at_the_worker(tmp_path: Path) -> None:
    """An act that the camera says is yet to come was never seen by anyone."""
    agency = Agency(tmp_path)
    try:
        case_id = agency.noticed_case(occurred_at=START + timedelta(hours=2))
        assert _code(agency.bundle(case_id), tmp_path, agency.trust) == "time_contradiction"
    finally:
        agency.close()


def test_a_key_revoked_after_the_entry_leaves_it_good(tmp_path: Path) -> None:
    agency = Agency(tmp_path)
    try:
        case_id = agency.noticed_case()
        with agency.small.office.database.writing() as session:
            revoke_key(session, agency.small.clock(), OFFICE, WORKER_SIGNER.public.fingerprint)
        agency.settle()
        assert agency.bundle(case_id).verify(tmp_path / "b.zip", agency.trust).case_id == case_id
    finally:
        agency.close()


def test_a_key_revoked_before_the_entry(tmp_path: Path) -> None:
    """Even where a dishonest office takes the package all the same: the log's order tells."""
    agency = Agency(tmp_path)
    try:
        with agency.small.office.database.writing() as session:
            revoke_key(session, agency.small.clock(), OFFICE, WORKER_SIGNER.public.fingerprint)
        agency.settle()
        with agency.small.office.database.writing() as session:
            session.connection().exec_driver_sql("UPDATE signing_keys SET revoked_at = NULL")
        assert _code(agency.bundle(agency.noticed_case()), tmp_path, agency.trust) == "key_revoked"
    finally:
        agency.close()


def test_a_withdrawn_notice_says_so(tmp_path: Path) -> None:
    agency = Agency(tmp_path)
    try:
        case_id = agency.noticed_case()
        supervisor = agency.small.person("supervisor")
        agency.small.office.reviews.withdraw(supervisor, case_id, reason="wrong vehicle")
        with pytest.raises(BundleNotReadyError, match="withdrawal"):
            agency.small.office.bundles.make(case_id)
        agency.settle()
        assert agency.bundle(case_id).verify(tmp_path / "b.zip", agency.trust).withdrawn
    finally:
        agency.close()


def test_a_bundle_holds_no_host_no_person_and_no_plate(honest: Unpacked, other: Unpacked, agency: Agency) -> None:
    secrets = [b"rtsp:", b"127.0.0.1", b"localhost", b"sqlite", b"worker-1", b"p-0", b"75B1", b"123.45", b"123 45"]
    for bundle in (honest, other):
        for name, body in bundle.files.items():
            for secret in secrets:
                assert secret not in body, (name, secret)
            whole = json.dumps(bundle.contents(), ensure_ascii=False).encode()
            assert not [secret for secret in secrets if secret in whole]
