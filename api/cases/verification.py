"""From a submission to a case: every byte is read and compared before anybody is accused of anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from api.errors import DigestMismatchError, LengthMismatchError, ObjectMissingError
from api.evidence import verified_chunks
from api.store import EvidenceReader
from models.domain.catalogue import has_row
from models.domain.manifest import ENVELOPE_NAME, MANIFEST_LIMIT_BYTES, MANIFEST_NAME, Manifest
from models.domain.store import StoredObject
from models.domain.submission import RefusalReason, Submission
from models.verify.envelope import ENVELOPE_LIMIT_BYTES
from models.verify.errors import MalformedError
from models.verify.manifest import parse_manifest as strictly_parsed

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_TIME_STEP = timedelta(milliseconds=1)
"""`occurred_at_local` is written to the millisecond."""


class ClaimRefusedError(Exception):
    """The submission is refused for good; `reason` is what the worker is told.

    Attributes:
        reason: coded.
        detail: one line for people.
    """

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail[:300]


def instant(time_us: int) -> datetime:
    return EPOCH + timedelta(microseconds=time_us)


def offence_day(time_us: int, timezone: str) -> date:
    """The day of the offence on the wall clocks of the agency's zone."""
    return instant(time_us).astimezone(ZoneInfo(timezone)).date()


def check_catalogue(message: Submission, timezone: str) -> str:
    """The act code, where the catalogue has a row for it on that day.

    Raises:
        ClaimRefusedError: `no_catalogue_row`.
    """
    day = offence_day(message.occurred_at_us, timezone)
    if message.act_code is None or not has_row(message.act_code, message.vehicle, day):
        code = message.act_code or "none"
        raise ClaimRefusedError("no_catalogue_row", f"got act {code} of a {message.vehicle} on {day}, expected a row")
    return message.act_code


@dataclass(frozen=True, slots=True)
class ReadPackage:
    """A package whose every byte was read and compared. Its signature is another matter: `check_signature`."""

    manifest: Manifest
    body: bytes
    envelope: bytes


def verify_package(message: Submission, reader: EvidenceReader) -> ReadPackage:
    """Reads every object of the package and compares.

    1. the keys are this claim's own; 2. every object has its length and its SHA-256; 3. the manifest is the one that
    the submission names, canonical and well-formed; 4. it says what the submission says.

    Raises:
        ClaimRefusedError: one of these does not hold.
        StoreUnreachableError: the store does not answer: nothing is concluded.
    """
    _check_keys(message)  # 1
    kept = {MANIFEST_NAME: b"", ENVELOPE_NAME: b""}
    for stored in message.objects:  # 2
        content = _read(reader, stored, keep=stored.name in kept)
        if stored.name in kept:
            kept[stored.name] = content
    manifest = parse_manifest(kept[MANIFEST_NAME])  # 3
    _check_agreement(message, manifest)  # 4
    return ReadPackage(manifest, kept[MANIFEST_NAME], kept[ENVELOPE_NAME])


def _check_keys(message: Submission) -> None:
    names = [stored.name for stored in message.objects]
    if len(set(names)) != len(names):
        raise ClaimRefusedError("manifest_mismatch", "got two objects of one name, expected each name once")
    for stored in message.objects:
        parts = stored.key.split("/")
        expected = ["packages", message.camera_id, message.id, stored.name]
        if len(parts) != 6 or [parts[0], parts[1], parts[3], parts[5]] != expected:
            raise ClaimRefusedError("manifest_mismatch", f"{stored.name}: got a key that is not this claim's own")
    manifest = next((stored for stored in message.objects if stored.name == MANIFEST_NAME), None)
    if manifest is None:
        raise ClaimRefusedError("object_missing", f"got no {MANIFEST_NAME} among the objects, expected one")
    if manifest.sha256 != message.manifest_sha256:
        raise ClaimRefusedError("manifest_mismatch", "manifest_sha256 is not the SHA-256 of the object manifest.json")
    if manifest.length_bytes > MANIFEST_LIMIT_BYTES:
        raise ClaimRefusedError(
            "manifest_malformed", f"got {manifest.length_bytes} bytes, expected at most {MANIFEST_LIMIT_BYTES}"
        )
    if any(each.name == ENVELOPE_NAME and each.length_bytes > ENVELOPE_LIMIT_BYTES for each in message.objects):
        raise ClaimRefusedError("signature_malformed", f"got more than the {ENVELOPE_LIMIT_BYTES} bytes expected")


def _read(reader: EvidenceReader, stored: StoredObject, *, keep: bool) -> bytes:
    kept = bytearray()
    try:
        for chunk in verified_chunks(reader, stored):
            if keep:
                kept += chunk
    except LengthMismatchError as error:
        raise ClaimRefusedError("length_mismatch", str(error)) from None
    except DigestMismatchError as error:
        raise ClaimRefusedError("digest_mismatch", str(error)) from None
    except ObjectMissingError as error:
        raise ClaimRefusedError("object_missing", str(error)) from None
    return bytes(kept)


def parse_manifest(body: bytes) -> Manifest:
    """The manifest, if it is well-formed and its bytes are the canonical ones.

    Raises:
        ClaimRefusedError: `manifest_malformed`.
    """
    try:
        return strictly_parsed(body)
    except MalformedError as error:
        raise ClaimRefusedError("manifest_malformed", str(error)) from None


def _check_agreement(message: Submission, manifest: Manifest) -> None:
    for name, got, expected in _claims(message, manifest):
        if got != expected:
            raise ClaimRefusedError("manifest_mismatch", f"{name}: got {got} in the manifest, expected {expected}")
    sealed = {file.name: (file.sha256, file.length_bytes) for file in manifest.files}
    if len(sealed) != len(manifest.files):
        raise ClaimRefusedError("manifest_mismatch", "files: got one name twice")
    own = (MANIFEST_NAME, ENVELOPE_NAME)
    stored = {each.name: (each.sha256, each.length_bytes) for each in message.objects if each.name not in own}
    if sealed != stored:
        names = sorted(name for name in sealed.keys() | stored.keys() if sealed.get(name) != stored.get(name))
        raise ClaimRefusedError("manifest_mismatch", f"files: manifest and objects differ on {', '.join(names)}")
    _check_local_time(manifest)


def _claims(message: Submission, manifest: Manifest) -> Iterable[tuple[str, object, object]]:
    yield "id", manifest.id, message.id
    yield "camera.id", manifest.camera.id, message.camera_id
    yield "camera.site_kind", manifest.camera.site_kind, message.site_kind
    yield "rule", manifest.rule, message.rule
    yield "act_code", manifest.act_code, message.act_code
    yield "vehicle", manifest.vehicle, message.vehicle
    yield "is_simulated", manifest.is_simulated, message.is_simulated
    yield "occurred_at_us", manifest.occurred_at_us, message.occurred_at_us
    yield "point_px16", manifest.point_px16, message.point_px16
    yield "moments.1.name", manifest.moments[1].name, "at"
    yield "moments.1.box_px16", manifest.moments[1].box_px16, message.box_px16


def _check_local_time(manifest: Manifest) -> None:
    try:
        local = datetime.fromisoformat(manifest.occurred_at_local)
        is_same = abs(local - instant(manifest.occurred_at_us)) < _LOCAL_TIME_STEP
    except (ValueError, TypeError):
        is_same = False
    if not is_same:
        raise ClaimRefusedError("manifest_mismatch", "occurred_at_local: got another instant than occurred_at_us")
