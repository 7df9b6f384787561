"""An agency with a log and a witness, an honest bundle of a real case, and what an attacker can do with it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from api.bundles.archive import pack
from api.log.signing import LogSigner
from api.log.witnesses import Witnesses
from models.verify.bundle import VerifiedBundle, verify_bundle
from models.verify.bundle_form import BUNDLE_NAME, BUNDLE_TYPE
from models.verify.envelope import sign_envelope
from models.verify.files import ZipFiles
from models.verify.keys import SigningKey, new_key
from models.verify.notes import COSIGNATURE, ED25519, NoteKey
from models.verify.steps import Steps
from models.verify.trust import Trust
from phatnguoi.witness.app import make_app
from phatnguoi.witness.book import WitnessBook
from tests.api.kit import LOG_SIGNER, SmallOffice, Web, small_office

WITNESS_NAME = "witness.example"
WITNESS_URL = "http://witness"


@dataclass
class Agency:
    """A small office, its log's key, and a witness that somebody else runs."""

    folder: Path
    log_key: SigningKey = LOG_SIGNER
    witness_key: SigningKey = field(default_factory=new_key)
    has_witness: bool = True

    def __post_init__(self) -> None:
        self.witness_named = NoteKey(WITNESS_NAME, COSIGNATURE, self.witness_key.public)
        changes: dict[str, Any] = {"log_key": self.log_key.pem().decode()}
        if self.has_witness:
            changes["witnesses"] = (f"{WITNESS_URL} {self.witness_named.text}",)
        self.small: SmallOffice = small_office(f"sqlite:///{self.folder / 'office.db'}", self.folder, **changes)
        log = NoteKey("phatnguoi", ED25519, self.log_key.public)
        self.book = WitnessBook(
            self.folder / "witness.db",
            WITNESS_NAME,
            self.witness_key,
            (log,),
            lambda: int(self.small.clock().timestamp()),
        )
        self.witness = Web(make_app(self.book))
        self.client = httpx.Client(transport=httpx.MockTransport(self._answer))

    def witness_now(self) -> int:
        """The witness's clock: seconds since 1970 UTC."""
        return int(self.small.clock().timestamp())

    def _answer(self, request: httpx.Request) -> httpx.Response:
        """The witness's own application, without a network between."""
        answer = self.witness.request(request.method, str(request.url), content=request.content)
        return httpx.Response(answer.status_code, content=answer.content)

    @property
    def signer(self) -> LogSigner:
        assert self.small.office.signer is not None
        return self.small.office.signer

    @property
    def trust(self) -> Trust:
        return self.signer.trust

    def ask_witness(self) -> None:
        Witnesses(self.small.office.database, self.signer, self.small.clock, client=self.client).step()

    def settle(self) -> None:
        """Every entry gets its number, and the witness sees it."""
        self.small.sequence()
        self.ask_witness()

    def noticed_case(self, **changes: Any) -> str:
        """A case with a notice; the witness saw it sealed, and saw the notice."""
        reviewer = self.small.person("reviewer", "supervisor")
        case_id = self.small.new_case(**changes)
        self.settle()
        self.small.confirm(reviewer, case_id)
        self.small.office.notices.issue(reviewer, case_id)
        self.settle()
        return case_id

    def bundle(self, case_id: str) -> Unpacked:
        return unpack(self.small.office.bundles.make(case_id), self.folder / "unpacked.zip")

    def close(self) -> None:
        self.client.close()
        self.small.office.close()


@dataclass(frozen=True)
class Unpacked:
    """The files of a bundle, to be bent and packed again."""

    files: Mapping[str, bytes]

    def contents(self) -> dict[str, Any]:
        """What `bundle.json` signs."""
        found: dict[str, Any] = json.loads(base64.b64decode(json.loads(self.files[BUNDLE_NAME])["payload"]))
        return found

    def with_files(self, **files: bytes) -> Unpacked:
        return Unpacked({**self.files, **{name.replace("__", "."): body for name, body in files.items()}})

    def without(self, name: str) -> Unpacked:
        return Unpacked({key: body for key, body in self.files.items() if key != name})

    def signed_again(self, key: SigningKey, change: Callable[[dict[str, Any]], None] = lambda _: None) -> Unpacked:
        """The list of contents brought up to date, bent, and signed: what only the holder of a log's key can do."""
        contents = self.contents()
        contents["files"] = [
            {"name": name, "sha256": hashlib.sha256(body).hexdigest(), "length_bytes": len(body)}
            for name, body in sorted(self.files.items())
            if name != BUNDLE_NAME
        ]
        change(contents)
        body = json.dumps(contents, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        return Unpacked({**self.files, BUNDLE_NAME: sign_envelope(key, body, BUNDLE_TYPE)})

    def verify(self, path: Path, trust: Trust | None, fingerprint: str | None = None) -> VerifiedBundle:
        path.write_bytes(pack(self.files))
        with closing(ZipFiles(path)) as files:
            return verify_bundle(files, trust, fingerprint, Steps())


def unpack(whole: bytes, path: Path) -> Unpacked:
    path.write_bytes(whole)
    with closing(ZipFiles(path)) as files:
        return Unpacked({name: b"".join(files.chunks(name)) for name in sorted(files.names)})


def flipped(body: bytes, at: int) -> bytes:
    """One bit changed."""
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
